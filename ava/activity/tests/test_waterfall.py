"""Waterfall of a story: bars on one time line."""

import pytest

from ava.activity.tests.test_verdict import attempt, entry, request
from ava.activity.waterfall import NARROWEST, waterfall


def test_bars_are_parts_of_the_whole() -> None:
    (whole, quick, late), total = waterfall([request("200"), attempt(0, "500"), attempt(98, "200")])
    assert total == 100
    assert (whole.start, whole.width) == (0, 100)
    assert (quick.start, quick.width) == (0, 2)
    assert (late.start, late.width) == pytest.approx((98, 2))


def test_what_takes_hardly_any_time_is_to_be_seen_and_stays_inside() -> None:
    [_, bar], _ = waterfall([request("200"), entry(100, "job", "j: done", "done", takes=0)])
    assert bar.width == NARROWEST
    assert bar.start + bar.width == 100


def test_a_look_minutes_later_does_not_shrink_the_rest() -> None:
    late = entry(300_000, "job", "telephony.message: done", "done", takes=20)
    bars, total = waterfall([request("201"), attempt(30_000, "201"), late])
    assert [bar.of.kind for bar in bars] == ["request", "attempt"]
    assert total == 30_002


def test_what_took_no_time_has_no_bar() -> None:
    assert waterfall([entry(0, "message", "Message: sent", "sent")]) == ([], 0.0)
