"""The filters of both lists: what is not known is refused, never an empty list."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES
from telephony.messages.models import Message

BOTH = pytest.mark.parametrize(
    ("path", "model"), [(CALLS, Call), (MESSAGES, Message)], ids=["calls", "messages"]
)


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


@BOTH
def test_a_status_that_there_is_not_is_refused_with_those_that_there_are(
    api: APIClient, path: str, model: type[Call] | type[Message]
) -> None:
    answer = api.get(path, {"status": "nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    [said] = answer.json()["errors"]["status"]
    assert said == f"Choose one of {', '.join(model.machine.ranks)}."
    for status in model.machine.ranks:
        assert api.get(path, {"status": status}).json()["count"] == 0


@BOTH
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("direction", "sideways", "Choose one of outbound, inbound."),
        ("direction", "", "Choose one of outbound, inbound."),
        ("status", "", "Choose one of scheduled, pending, unknown,"),
        ("status", "in-progress ", "Choose one of scheduled, pending, unknown,"),
        ("from", "Ada", "Use digits only after the +,"),
        ("to", "+1", "This is no country code and number."),
        ("since", "yesterday", "Datetime has wrong format."),
        ("until", "2026-02-30T00:00:00Z", "Datetime has wrong format."),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(
    api: APIClient, path: str, model: type[Call] | type[Message], name: str, value: str, said: str
) -> None:
    answer = api.get(path, {name: value})
    assert answer.status_code == 400, answer.content
    [sentence] = answer.json()["errors"][name]
    assert sentence.startswith(said)
