"""Answers of providers in a story, as faults of the sandbox."""

from typing import Any

import pytest

from ava.recording.answers import failures_before, faults, read
from ava.recording.parts import NotRepeatable
from ava.recording.tracks import Happening, Names

NAMES = Names(label=str.lower, route=lambda path: path, words=set())
CALLS = "/2010-04-01/Accounts/AC0/Calls.json"


def attempt(method: str, status: str, *, nth: int = 1, ms: float = 7.0) -> Happening:
    suffix = f", attempt {nth}" if nth > 1 else ""
    summary = f"Twilio: {method} {CALLS}{suffix}"
    return Happening(0.0, "attempt", summary, status, duration_ms=ms)


def played(*story: Happening, done: bool = False, error: str = "") -> list[dict[str, Any]]:
    errors = {"twilio": error} if error else {}
    found = faults(read(story, NAMES), done={"twilio"} if done else set(), errors=errors)
    return found.get("twilio", [])


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("201", {"kind": "slow", "delay_ms": 7}),
        ("500", {"kind": "status", "status": 500, "delay_ms": 7}),
        ("deadline", {"kind": "hang"}),
        ("ReadTimeoutError", {"kind": "hang"}),
        ("ProtocolError", {"kind": "reset", "delay_ms": 7}),
    ],
)
def test_each_answer_is_given_again(status: str, fault: dict[str, Any]) -> None:
    assert played(attempt("POST", status)) == [fault]


def test_a_read_that_ava_had_no_time_to_repeat_hangs_so_that_it_has_none_again() -> None:
    first, last = attempt("GET", "ProtocolError"), attempt("GET", "ProtocolError", nth=2)
    assert played(first, last) == [{"kind": "reset", "delay_ms": 7}, {"kind": "hang"}]
    third = attempt("GET", "ProtocolError", nth=3)
    assert [one["kind"] for one in played(first, last, third)] == ["reset"] * 3


def test_a_change_that_is_asked_for_once_more_is_refused_for_long_where_it_was_not() -> None:
    story = [attempt("DELETE", "503")]
    given = faults(read(story, NAMES), done=set(), errors={}, repeating={"twilio"})
    assert [one.get("headers") for one in given["twilio"]] == [{"Retry-After": "60"}]
    assert [one.get("headers") for one in played(*story)] == [None]


def test_an_answer_that_took_long_does_not_take_long_again() -> None:
    assert played(attempt("POST", "201", ms=9000.0)) == [{"kind": "slow", "delay_ms": 250}]


def test_an_answer_that_was_no_json_is_none_again() -> None:
    said = Happening(1.0, "attempt", f"Twilio: POST {CALLS}: not JSON", "unreadable")
    assert played(attempt("POST", "200"), said) == [{"kind": "garbage", "delay_ms": 7}]


def test_the_last_lost_answer_is_that_of_what_was_done() -> None:
    lost, seen = attempt("POST", "ProtocolError"), attempt("GET", "200")
    assert [one.get("when") for one in played(lost, seen, done=True)] == ["after", None]
    assert [one.get("when") for one in played(lost, attempt("POST", "201"), done=True)] == [
        None
    ] * 2


def test_the_providers_own_code_goes_with_its_refusal() -> None:
    [_, refused] = played(attempt("GET", "200"), attempt("POST", "400"), error="21211")
    assert (refused["status"], refused["error"]) == (400, "21211")


def test_retry_after_is_told_where_ava_went_by_it() -> None:
    waited = played(attempt("POST", "429"), attempt("POST", "201", nth=2))
    assert waited[0]["headers"] == {"Retry-After": "1"}
    assert "headers" not in played(attempt("POST", "429"))[0]
    assert played(attempt("GET", "503"))[0]["headers"] == {"Retry-After": "60"}
    again = played(attempt("GET", "503"), attempt("GET", "200", nth=2))
    assert "headers" not in again[0]


def test_what_never_left_cannot_be_played() -> None:
    with pytest.raises(NotRepeatable, match="could not be connected to"):
        played(attempt("POST", "NewConnectionError"))


def counted(*story: Happening) -> dict[str, int]:
    return failures_before(story, read(story, NAMES), NAMES, threshold=3)


def test_failures_that_a_breaker_had_counted_before() -> None:
    opened = Happening(9.0, "breaker", "Twilio: closed to open, 3 failures", "open")
    refused = Happening(9.0, "attempt", "Twilio was not asked: It is away.", "provider_unavailable")
    failed = attempt("GET", "500"), attempt("GET", "500", nth=2), attempt("GET", "500", nth=3)
    assert counted(*failed) == {}
    assert counted(*failed, opened) == {"twilio": 2}
    assert counted(*failed, *failed, *failed, opened) == {}
    assert counted(opened, refused) == counted(refused) == {"twilio": 3}
