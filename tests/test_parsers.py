"""Parsers of what people and providers write: each text is read, or refused as the parser says."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from ava.console import jsontext
from ava.erasure.person import Person
from integrations.calendar.events import records
from telephony.messages import recipient_lists
from telephony.twilio import twiml
from vapi_settings.calls import events

# With what breaks parsers in it: separators, quotes, marks, other scripts' digits, half characters.
ODD = st.sampled_from(
    [*',;\t"\n\r\0\x1c\x85\u2028\u202e\ufeff\u0661\ud800<&/>[]{}:@+.-TZ', "]]>", "\r\n"]
)
TEXTS = st.lists(st.text(max_size=20) | ODD, max_size=30).map("".join)
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def texts_of(name: str) -> st.SearchStrategy[str]:
    """Any text, and what is almost right for this one."""
    near = {
        "twiml": st.builds("<Response><Say {}>{}</Say>{}</Response>".format, TEXTS, TEXTS, TEXTS),
        "json": st.builds('{{"a": [{}, "{}"]}}'.format, TEXTS, TEXTS),
        "when": st.builds("2027-{}-01T{}:00".format, TEXTS, TEXTS),
        "person": st.builds("+{}@{}".format, TEXTS, TEXTS),
        "recipients": st.builds("phone,name\n{}\n{}".format, TEXTS, TEXTS),
    }
    return TEXTS | near[name]


PARSERS: dict[str, tuple[Callable[[str], Any], type[Exception] | None]] = {
    "twiml": (lambda text: twiml.check(text, own_hosts={"ava.example.com"}), ValueError),
    "json": (jsontext.parsed, jsontext.NotJson),
    "when": (records.read_when, ValueError),
    "person": (Person.parse, ValueError),
    "recipients": (recipient_lists.recipients, None),
}
"""Each, and how it refuses."""


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_any_text_is_read_or_refused(name: str, data: st.DataObject) -> None:
    parse, refusal = PARSERS[name]
    with suppress(*([refusal] if refusal else [])):
        parse(data.draw(texts_of(name)))


@given(st.binary(max_size=300))
def test_any_file_of_recipients_is_text_or_refused(content: bytes) -> None:
    with suppress(ValueError):
        assert "\0" not in recipient_lists.text_of(content)


@given(TEXTS)
def test_every_recipient_has_a_line_of_its_own_and_none_is_made_up(text: str) -> None:
    found = recipient_lists.recipients(text)
    assert len(found.numbers) == len(found.lines) == len(set(found.lines))
    lines = text.splitlines()
    for number, line in zip(found.numbers, found.lines, strict=True):
        assert number.replace('"', "") in lines[line - 1].replace('"', "")


@given(TEXTS)
def test_checked_twiml_is_what_was_given(text: str) -> None:
    with suppress(ValueError):
        document = f"<Response><Say>{text}</Say></Response>"
        assert twiml.check(document, own_hosts=()) == document
        twiml.first_beyond(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
PARTS = (
    "type", "call", "timestamp", "status", "phoneNumber", "customer", "assistant", "artifact",
    "cost", "analysis", "endedReason", "toolCallList", "toolCalls", "toolWithToolCallList",
    "startedAt", "endedAt", "transcript",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(PARTS), JSON))
def test_any_message_of_vapis_is_an_event(message: dict[str, Any]) -> None:
    raw = json.dumps(message).encode()
    assert events.identity(message, raw) == events.identity(json.loads(raw), raw)
    events.read(User(pk=1), message, received_at=NOW)
