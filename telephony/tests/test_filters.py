"""The filters of both lists: what is not known is refused, never an empty list."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS
from telephony.messages.models import Message

pytestmark = pytest.mark.database

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
        ("from", "+Ada", "Use digits only after the +,"),
        ("from", " ", "This field may not be blank."),
        ("to", "x" * 321, "Ensure this field has no more than 320 characters."),
        ("to", "+1", "This is no country code and number."),
        ("correlation_id", "", "This field may not be blank."),
        ("search", "x" * 201, "Ensure this field has no more than 200 characters."),
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


@BOTH
@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("+14155550123", "from=%2B14155550123"),
        ("+14155550123", "from=+14155550123"),
        ("+14155550123", "from=14155550123"),
        ("+14155550123", "from=+1%20(415)%20555-0123"),
        ("+14155550123", "from=tel:%2B1-415-555-0123"),
        ("+14155550123", "from=tel:+1-415-555-0123"),
        ("+14155550123", "from=%E2%80%AA%2B1%20415%20555%200123%E2%80%AC"),
        ("68849", "from=68849"),
        ("SUPPORT", "from=SUPPORT"),
        ("My Shop", "from=My+Shop"),
        ("MG" + "0" * 32, "from=MG" + "0" * 32),
        ("whatsapp:+14155550123", "from=whatsapp%3A%2B14155550123"),
        ("whatsapp:+14155550123", "from=whatsapp:+14155550123"),
        ("messenger:1234567890123456", "from=messenger:1234567890123456"),
        ("client:ada.l", "from=client:ada.l"),
        ("sip:+1415@example.com;transport=tls", "from=sip:+1415@example.com;transport=tls"),
        ("anonymous", "from=anonymous"),
        ("sip:" + "a" * 300 + "@example.com", "from=sip:" + "a" * 300 + "@example.com"),
    ],
)
def test_what_a_row_shows_finds_it(
    api: APIClient, user: User, path: str, model: type[Call], kept: str, asked: str
) -> None:
    for number in (kept, OURS):
        model.objects.create(owner=user, to=number, from_number=number, status="pending")
    for query in (asked, asked.replace("from=", "to=")):
        [found] = api.get(f"{path}?{query}").json()["results"]
        assert (found["from"], found["to"]) == (kept, kept)


@BOTH
def test_a_search_finds_a_part_of_numbers_and_names_and_of_the_users_own_rows_only(
    api: APIClient, strangers_api: APIClient, user: User, path: str, model: type[Call]
) -> None:
    rows = [
        model.objects.create(
            owner=user,
            to=f"+1415555012{number}",
            from_number=OURS,
            status="pending",
            provider_sid=f"SID-{number}%",
            correlation_id=f"Order-{number}",
        )
        for number in range(3)
    ]

    def found(**query: str) -> set[str]:
        return {one["id"] for one in api.get(path, query).json()["results"]}

    everything = {str(row.pk) for row in rows}
    for text in ("5550121", "+14155550121", "sid-1", "ORDER-1"):
        assert found(search=text) == {str(rows[1].pk)}, text
    assert found(search=OURS[3:]) == found(search="%") == found(search="") == everything
    assert found(search="_") == found(search="order-1", to="+14155550122") == set()
    assert found(correlation_id="Order-2") == {str(rows[2].pk)}
    assert found(correlation_id="Order-") == set()
    assert strangers_api.get(path, {"search": "order"}).json()["count"] == 0


def test_a_search_finds_the_text_of_a_message_and_vapis_name_of_a_call(
    api: APIClient, user: User
) -> None:
    pair = {"owner": user, "to": THEIRS, "from_number": OURS, "status": "pending"}
    Message.objects.create(**pair, body="Your Table is booked")
    Call.objects.create(**pair, vapi_call_id="01-abc")
    assert api.get(MESSAGES, {"search": "table is"}).json()["count"] == 1
    assert api.get(CALLS, {"search": "01-ABC"}).json()["count"] == 1
    assert api.get(MESSAGES, {"search": "chair"}).json()["count"] == 0


@BOTH
@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize(
    "written",
    [
        "2026-11-01T01:30:00+01:30",
        "2026-11-01 01:30:00+01:30",
        "2026-11-01T01:30:00.000+01:30",
        "2026-11-01T01:30+0130",
        "2026-11-01T01:30:00%2B01:30",
        "2026-11-01T00:00:00Z",
        "2026-11-01+00:00",
        "2026-10-31T22:30:00-01:30",
    ],
)
def test_a_plus_in_a_time_need_not_be_escaped(
    api: APIClient,
    user: User,
    path: str,
    model: type[Call] | type[Message],
    name: str,
    written: str,
) -> None:
    for second in (-1, 0):
        row = model.objects.create(owner=user, to=THEIRS, from_number=OURS, status="pending")
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=second)
        model.objects.filter(pk=row.pk).update(created_at=at)
    answer = api.get(f"{path}?{name}={written}")
    assert answer.status_code == 200, answer.content
    [found] = answer.json()["results"]
    assert found["created_at"].startswith("2026-11-01" if name == "since" else "2026-10-31")


@pytest.mark.parametrize("written", ["2026-11-01T00:00:00 99:00", "2026-11-01T00:00:00 x"])
def test_what_is_no_offset_is_refused(api: APIClient, written: str) -> None:
    assert api.get(CALLS, {"since": written}).status_code == 400
