"""Verdict on a story, from entries alone."""

from datetime import UTC, datetime, timedelta

import pytest

from ava.activity.verdict import Happening, Verdict, verdict
from ava.activity.words import KINDS, status_of, words_of
from ava.observability.recorder import Entry

BEGAN = datetime(2026, 3, 1, 14, 3, tzinfo=UTC)


def entry(
    ms: float, kind: str, summary: str, status: str, *, takes: float | None = None, link: str = ""
) -> Entry:
    failed = status in ("failed", "lost", "undelivered", "open", "dead", "busy") or (
        status >= "4" if status.isdigit() else kind == "attempt"
    )
    at = BEGAN + timedelta(milliseconds=ms)
    return Entry(1, "x-1", at, kind, summary, status, failed, takes, link)


def request(status: str, said: str = "") -> Entry:
    summary = "PUT /api/v1/thing" + (f": {said}" if said else "")
    return entry(0, "request", summary, status, takes=100)


def attempt(ms: float, status: str, number: int = 1, about: str = "Vapi: GET /it") -> Entry:
    about += f", attempt {number}" if number > 1 else ""
    return entry(ms, "attempt", about, status, takes=2)


def fact(found: Verdict, word: str) -> str:
    return "\n".join(sentence for each, sentence in found.facts if each == word)


def test_what_went_well_has_no_cause() -> None:
    found = verdict([request("200"), attempt(1, "200")])
    assert (found.tone, found.outcome, found.cause, found.remedy) == (
        "good",
        "It was done.",
        "",
        "",
    )
    assert found.facts == (("Asked", "PUT /api/v1/thing"), ("Answer", "200 after 100 ms"))


def test_a_refusal_without_a_provider_is_the_requests_own() -> None:
    found = verdict([request("400", "voice_speed: must be a number.")])
    assert found.outcome == "It was refused."
    assert fact(found, "Answer") == "400 after 100 ms: voice_speed: must be a number."
    assert found.cause == "Something in the request was not right."


def test_a_conflict_is_told_in_the_answers_own_words() -> None:
    found = verdict([request("409", "The address is taken.")])
    assert (found.cause, found.remedy) == ("The address is taken.", "Look at what is there now.")
    assert verdict([request("409")]).cause == "Something else was done at the same time."


def test_attempts_that_all_failed_are_one_sentence() -> None:
    tries = [attempt(1, "500"), attempt(60, "500", 2), attempt(198, "500", 3)]
    found = verdict([request("502", "Connection to Vapi failed."), *tries])
    assert found.outcome == "It failed."
    told = "Vapi: GET /it answered 500. AVA tried 3 times within 199 ms, then gave up."
    assert fact(found, "Provider") == told
    assert found.cause == "The provider answered with a fault of its own."


def test_a_retry_that_helped_is_told_and_nothing_is_to_be_done() -> None:
    found = verdict([request("200"), attempt(1, "ConnectionError"), attempt(60, "200", 2)])
    assert (found.tone, found.outcome) == ("good", "It was done, after trouble.")
    told = fact(found, "Provider")
    assert told.startswith("Vapi: GET /it gave no answer (ConnectionError), then 200.")
    assert told.endswith("AVA tried 2 times within 61 ms; the last attempt went well.")
    assert found.remedy == "Nothing is to be done."


def test_an_attempt_that_a_job_made_later_belongs_to_the_first() -> None:
    about = "Twilio: POST /Messages.json"
    entries = [
        request("202"),
        attempt(1, "500", about=about),
        entry(5, "message", "Message to …0150: unknown", "unknown", link="/m/1"),
        attempt(30_000, "201", about=about),
        entry(30_010, "message", "Message to …0150: delivered", "delivered", link="/m/1"),
        entry(330_000, "job", "telephony.message is due", "waiting"),
    ]
    found = verdict(entries)
    assert (found.tone, found.outcome) == ("good", "It was done, after trouble.")
    assert "500, then 201. AVA tried 2 times within 30.0 s" in fact(found, "Provider")
    assert fact(found, "Became") == "Message to …0150: delivered"


def test_what_is_not_known_yet_is_under_way() -> None:
    own = entry(5, "message", "Message to …0150: No answer.", "unknown", link="/m/1")
    found = verdict([request("202"), attempt(1, "500"), own])
    assert (found.tone, found.outcome) == ("waiting", "It is still under way.")
    assert found.remedy == "Nothing yet: AVA goes on by itself."


def test_an_end_that_failed_says_its_own_sentence_where_its_status_says_less() -> None:
    said = "The phone was off. Send it again later."
    own = entry(90, "message", f"Message to …0134: {said}", "undelivered", link="/m/1")
    found = verdict([request("201"), attempt(1, "201"), own])
    assert found.outcome == "It was taken, and failed later."
    assert found.cause == said
    busy = entry(90, "call", "Call to …0141: busy", "busy", link="/c/1")
    assert verdict([request("201"), busy]).cause == "The line was busy."


def test_a_provider_that_was_not_asked_is_told_with_the_breaker() -> None:
    entries = [
        entry(-6, "breaker", "Vapi: closed to open, 3 failures in a row", "open"),
        request("503", "Vapi is temporarily unavailable."),
        attempt(2, "provider_unavailable", about="Vapi was not asked: it is unavailable."),
    ]
    found = verdict(entries)
    assert fact(found, "Provider") == "Vapi was not asked: it is unavailable."
    assert fact(found, "Breaker") == "Vapi: closed to open, 3 failures in a row"
    assert "its circuit breaker was open" in found.cause


def test_a_job_that_was_given_up_is_a_failure() -> None:
    found = verdict([request("202"), entry(9, "job", "mail: given up", "dead")])
    assert (found.tone, found.outcome) == ("bad", "It was taken, and failed later.")
    assert found.cause == "Background work failed as often as it may."


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("401", "refused the key"),
        ("503", "a fault of its own"),
        ("418", "did not take what was asked"),
        ("deadline, over the proxy of HTTPS_PROXY", "did not answer in time"),
        ("certificate refused (expired), see REQUESTS_CA_BUNDLE", "does not trust"),
        ("the proxy of HTTPS_PROXY refused (407)", "way out"),
        ("NewConnectionError", "failed or broke"),
        ("provider_auth_failed", "refused the login"),
        ("mail_refused", "did not take the e-mail"),
    ],
)
def test_every_answer_of_a_provider_has_words(status: str, cause: str) -> None:
    words = words_of("attempt", status)
    assert cause in words.cause
    assert words.remedy


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("answered", "answered"),
        ("mail_refused", "refused"),
        ("provider_unreachable", "no answer"),
        ("provider_busy", "not asked"),
    ],
)
def test_an_attempt_at_a_mail_server_ends_in_a_word(status: str, word: str) -> None:
    assert status_of("attempt", status) == word


def test_every_kind_has_words() -> None:
    assert all(words_of(kind, "failed").cause for kind in KINDS)
    unusual: list[Happening] = [entry(0, "request", "PUT /x", "599")]
    assert verdict(unusual).cause == "AVA could not do what was asked."
