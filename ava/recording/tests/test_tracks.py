"""Tracks of a story, and how two are compared."""

from ava.recording.tracks import Happening, Names, read, same, side_by_side

WORDS = {"pending", "ringing", "provider_unavailable", "confirmed"}
NAMES = Names(label=str.lower, route=lambda path: path, words=WORDS)


def story(*entries: tuple[str, str, str]) -> list[Happening]:
    return [
        Happening(float(at), kind, summary, status, link=f"/{kind}")
        for at, (kind, summary, status) in enumerate(entries)
    ]


def test_each_thing_has_a_track_of_its_own() -> None:
    found = read(
        story(
            ("request", "POST /api/v1/twilio/calls: Connection failed.", "502"),
            ("attempt", "Twilio: POST /2010-04-01/Accounts/AC0/Calls.json", "ConnectionError"),
            ("breaker", "Twilio: closed to open, 3 failures", "open"),
            ("attempt", "Twilio was not asked: Twilio is away.", "provider_unavailable"),
            ("call", "Call to …0123: attempt 1", "pending"),
            ("webhook", "Webhook: twilio call-status ringing", "done"),
            ("call", "Call to …0123: ringing", "ringing"),
        ),
        NAMES,
    )
    assert found == {
        "requests": ["POST /api/v1/twilio/calls 502"],
        "twilio": ["POST /*/Accounts/*/Calls.json no answer", "provider_unavailable"],
        "breaker twilio": ["closed to open"],
        "call 1": ["pending", "ringing"],
        "webhooks twilio call-status": ["ringing"],
    }


def test_how_often_a_provider_is_looked_at_does_not_count() -> None:
    look = ("attempt", "Twilio: GET /2010-04-01/Accounts/AC0/Calls/CA1.json", "200")
    assert read(story(look, look, look), NAMES) == read(story(look), NAMES)
    change = ("attempt", "Twilio: POST /2010-04-01/Accounts/AC0/Calls.json", "500")
    assert len(read(story(change, change), NAMES)["twilio"]) == 2


def test_changes_that_others_made_and_jobs_that_wait_are_left_out() -> None:
    entries = (
        ("revision", "temperature of assistant a, by vapi: confirmed", "confirmed"),
        ("job", "telephony.call is due", "waiting"),
        ("job", "telephony.call: no answer", "failed"),
    )
    assert read(story(*entries), NAMES) == {}
    assert read(story(("job", "telephony.call was given up", "dead")), NAMES) == {
        "jobs": ["given up"]
    }


def test_what_had_more_to_come_may_have_gone_on() -> None:
    recorded, replayed = {"call 1": ["pending"]}, {"call 1": ["pending", "ringing"], "jobs": ["x"]}
    assert same(recorded, replayed, settled=False)
    assert not same(recorded, replayed, settled=True)
    assert not same({"call 1": ["unknown"]}, replayed, settled=False)


def test_lines_that_differ_are_marked() -> None:
    lines = side_by_side({"call 1": ["pending", "busy"]}, {"call 1": ["pending"], "jobs": ["x"]})
    assert [line.split() for line in lines] == [
        ["recorded", "replayed"],
        ["call", "1", "pending", "pending"],
        ["≠", "busy"],
        ["≠", "jobs", "x"],
    ]
