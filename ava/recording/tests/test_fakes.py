"""Fakes: consistent, of the same shape, and never what they stand for."""

import json
import re
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ava.recording import answers, fakes, parts, tracks
from ava.recording.fakes import Fakes
from ava.recording.tracks import Happening, Names

NAMES = Names(label=lambda name: "provider", route=lambda path: "*", words={"completed"})
SECRETS = ("sk-planted-4711", "AC0123456789abcdef", "ada@example.org", "+14155550123", "hunter2")
REAL = ("+14155550123", "+4930123456", "+442079460000", "+15005550006")


@pytest.mark.parametrize(
    "number", ["+14155550123", "+493012345678", "+4915112345678", "+442079460000", "+8613800138000"]
)
def test_a_fake_number_is_a_valid_one_of_the_same_country_and_kind(number: str) -> None:
    made = Fakes().number(number)
    real, fake = phonenumbers.parse(number), phonenumbers.parse(made)
    assert made != number
    assert phonenumbers.is_valid_number(fake)
    assert real.country_code == fake.country_code
    if phonenumbers.is_valid_number(real):
        assert phonenumbers.number_type(real) == phonenumbers.number_type(fake)


def test_the_same_number_has_the_same_fake_and_another_one_another() -> None:
    made = Fakes()
    numbers = [f"+1415555{last:04}" for last in range(100, 130)]
    given = [made.number(number) for number in numbers]
    assert given == [made.number(number) for number in numbers]
    assert len(set(given)) == len(numbers)


def test_a_fake_is_nobodys_number() -> None:
    first = Fakes().number("+14155550123")
    assert Fakes({first}).number("+14155550123") != first


def test_what_is_no_number_gets_one_all_the_same() -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(Fakes().number("sip:desk@example.org")))


def test_addresses_are_at_example_com_however_they_are_written() -> None:
    made = Fakes()
    assert made.address("Ada@Example.org") == made.address("ada@example.org")
    assert made.address("grace@example.org") == "person2@example.com"


@given(st.text(max_size=300))
def test_a_text_keeps_its_length_and_nothing_else(original: str) -> None:
    made = fakes.text(original)
    assert len(made) == max(len(original), 1)
    assert set(made) <= set("text .")
    assert made == made.strip() != ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@given(JSON)
def test_json_keeps_its_shape_and_says_nothing(original: Any) -> None:
    made = json.dumps(fakes.value(original))
    assert re.fullmatch(r'(?:[\[\]{},:"\s]|name\d+|null|true|false|1\.0|1|text|te?x?|\.|\s)*', made)


def _story(secret: str, shape: str, kind: str, status: str) -> Happening:
    return Happening(0.0, kind, shape.replace("{}", secret), status, link=f"/api/v1/{secret}")


@given(
    st.lists(
        st.builds(
            _story,
            st.sampled_from(SECRETS) | st.text(min_size=6, max_size=40).map("planted{}".format),
            st.sampled_from(
                (
                    "POST /api/v1/twilio/calls: {}",
                    "PUT /api/v1/vapi/settings/{}",
                    "Twilio: GET /2010-04-01/Accounts/{}/Calls.json, attempt 2",
                    "Vapi: GET /assistant/{}",
                    "{}: GET /assistant",
                    "Twilio was not asked: {}",
                    "Webhook: twilio call-status {}: {}",
                    "Circuit breaker of {}: closed to open",
                    "telephony.call: {}",
                    "Call to {}: {}",
                    "{} of assistant {}, by api: confirmed",
                    "{}",
                )
            ),
            st.sampled_from(
                ("request", "attempt", "webhook", "breaker", "job", "call", "mail", "revision")
            ),
            st.sampled_from(
                ("200", "500", "deadline", "unreadable", "dead", "completed", *SECRETS)
            ),
        ),
        max_size=8,
    )
)
@example([_story("hunter2", "telephony.call: {}", "job", "dead")])
def test_nothing_that_a_story_tells_gets_into_a_capture(story: list[Happening]) -> None:
    try:
        given = answers.faults(answers.read(story, NAMES), done=set(), errors={})
    except parts.NotRepeatable:
        given = {}
    found = json.dumps([tracks.read(story, NAMES), given])
    assert not re.search("planted|4711|012345|ada@|5550123|hunter2", found)
