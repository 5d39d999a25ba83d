"""Promises of a drill, held against what was seen."""

import math
from dataclasses import replace
from typing import Any

import pytest

from integrations.drill.promises import ALERT, Reply, Row, Seen, all_kept, rows

BROKEN = Reply(502, 0.4, "Connection to Vapi failed. Please try again later.")
REFUSED = Reply(503, 0.01, "Vapi is temporarily unavailable. Please try again in 5s.", 5)
FINE = Reply(200, 0.02)
WAITS = {ALERT: "pending"}


def seen(**changes: Any) -> Seen:
    good = Seen(
        name="Vapi",
        failing=[BROKEN] * 3,
        refused=[REFUSED] * 11,
        burst=[BROKEN, *[REFUSED] * 9],
        probes=1,
        recovered=5.4,
        bystander=FINE,
        copy=replace(FINE, body={"stale": True}),
        written=REFUSED,
        again=FINE,
        done=1,
        alerts=(WAITS, {"AvaErrorRate": "pending", "AvaSlow": "pending"}),
    )
    return replace(good, **changes)


def table(found: Seen) -> dict[str, Row]:
    return {row.promise: row for row in rows(found)}


def test_what_went_as_promised_is_kept_in_every_row() -> None:
    found = table(seen())
    assert {row.kept for row in found.values()} == {True}
    assert all_kept(list(found.values()))


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"failing": [BROKEN] * 4}, "opens"),
        ({"failing": [replace(BROKEN, status=500)] * 3}, "opens"),
        ({"refused": []}, "opens"),
        ({"refused": [replace(REFUSED, seconds=3.0)]}, "fail fast"),
        ({"refused": [replace(REFUSED, status=502)]}, "fail fast"),
        ({"failing": [replace(BROKEN, detail="Oops")] * 3}, "sentence"),
        ({"refused": [replace(REFUSED, retry_after=0)]}, "sentence"),
        ({"refused": [replace(REFUSED, retry_after=4)]}, "sentence"),
        ({"arrived": 1}, "protects"),
        ({"probes": 0}, "one probe"),
        ({"probes": 2}, "one probe"),
        ({"recovered": 9.0}, "recovery"),
        ({"recovered": math.inf}, "recovery"),
        ({"bystander": REFUSED}, "others"),
        ({"copy": FINE}, "last values"),
        ({"copy": REFUSED}, "last values"),
        ({"done_meanwhile": 1}, "nothing lost"),
        ({"done": 0}, "nothing lost"),
        ({"done": 2}, "nothing lost"),
        ({"written": FINE}, "nothing lost"),
        ({"again": REFUSED}, "nothing lost"),
        ({"again": replace(FINE, is_traced=False)}, "traced"),
        ({"alerts": ({}, {})}, "alerts"),
        ({"alerts": (WAITS, WAITS)}, "alerts"),
        ({"alerts": (WAITS, {"AvaErrorRate": "firing"})}, "alerts"),
        ({"alerts": (WAITS, {"AvaJobsGivenUp": "pending"})}, "alerts"),
    ],
)
def test_what_did_not_is_broken_in_its_row(changes: dict[str, Any], promise: str) -> None:
    found = table(seen(**changes))
    assert found[promise].kept is False
    assert not all_kept(list(found.values()))


def test_without_prometheus_the_alerts_are_left_out_and_break_nothing() -> None:
    found = table(seen(alerts=None))
    assert found["alerts"].kept is None
    assert "no Prometheus" in found["alerts"].seen
    assert all_kept(list(found.values()))


def test_an_alert_that_is_left_of_the_outage_is_named_with_its_state() -> None:
    said = "in the outage AvaBreakerOpen pending; afterwards AvaSlow pending"
    assert table(seen(alerts=(WAITS, {"AvaSlow": "pending"})))["alerts"].seen == said


def test_a_provider_without_copies_has_no_row_for_them() -> None:
    assert "last values" not in table(seen(copy=None))
