"""Files of captures: written, read, and refused."""

import json
from typing import Any

import pytest

from ava.recording.scenario import Ask, Scenario, ScenarioInvalid, dump, load

ASK = Ask("POST", "/api/v1/twilio/calls", {"to": "+12015550123", "say": "text"})
SCENARIO = Scenario(
    about="a call",
    requests=[ASK],
    answers={"twilio": [{"kind": "status", "status": 503}]},
    callbacks=[{"event": "ringing", "after_ms": 10}],
    before=[Ask("GET", "/api/v1/twilio/numbers")],
    tracks={"requests": ["POST /api/v1/twilio/calls 202"]},
    effects={"calls": 1},
)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(dump(SCENARIO)), **changes})


def test_a_file_is_read_as_it_was_written() -> None:
    assert load(dump(SCENARIO)) == SCENARIO


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no capture"),
        ("{}", "no capture"),
        (changed(version=2), "version 2; this AVA reads 1"),
        (changed(colour="red"), "no 'colour'"),
        (changed(requests=[]), "no request to repeat"),
        (changed(requests=[{"method": "GET"}]), "lacks something"),
        (changed(requests="all"), "lacks something"),
        (changed(requests=[{"method": "GET", "path": "//evil.example/api/v1/"}]), "under /api/v1/"),
        (changed(before=[{"method": "TRACE", "path": "/api/v1/"}]), "under /api/v1/"),
        (changed(environment={"DATABASE_URL": "sqlite:///x"}), "does not set DATABASE_URL"),
        (changed(tracks={"requests": "none"}), "tracks of the capture"),
        (changed(effects=[]), "lacks something"),
    ],
)
def test_what_is_no_capture_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ScenarioInvalid, match=sentence):
        load(text)
