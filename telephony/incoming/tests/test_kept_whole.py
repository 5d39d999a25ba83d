"""Incoming calls and messages, kept whole: media, long addresses, all that the provider says."""

from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import CALLS, HOOKS, MESSAGES, OURS, THEIRS, callback, run_jobs, until
from telephony.incoming.tests.lines import NUMBER_SID, order
from telephony.messages.models import Message

pytestmark = pytest.mark.database

LONG_SIP = f"sip:{'reception' * 12}@very-long.example.com;transport=tls"
CUT_SIP = f"sip:{'a' * 400}@example.com"
MEDIA = [
    {"url": f"https://api.twilio.com/2010-04-01/Media/ME{place}", "content_type": kind}
    for place, kind in enumerate(("image/jpeg", "video/mp4", ""))
]


def comes_in(ava: str, sandbox: Sandbox, kind: str, **what: Any) -> None:
    """A call or message to a number whose webhooks lead to AVA."""
    numbers = f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers"
    urls = {"VoiceUrl": f"{ava}{HOOKS}/voice", "SmsUrl": f"{ava}{HOOKS}/message"}
    auth = (ACCOUNT_SID, AUTH_TOKEN)
    requests.post(f"{numbers}/{NUMBER_SID}.json", data=urls, auth=auth, timeout=5)
    order(sandbox, "incoming", **{"kind": kind, "from": THEIRS, "to": OURS, **what})
    until(Delivery.objects.exists)
    run_jobs()


def shown(api: APIClient, path: str) -> dict[str, Any]:
    [row] = api.get(path, {"direction": "inbound"}).json()["results"]
    return dict(api.get(f"{path}/{row['id']}").json())


def test_an_mms_keeps_its_media_and_fetches_none(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    comes_in(ava, sandbox, "message", body="", media=MEDIA)
    assert (shown(api, MESSAGES)["body"], shown(api, MESSAGES)["media"]) == ("", MEDIA)
    [listed] = api.get(MESSAGES).json()["results"]
    assert listed["media"] == MEDIA
    assert [one.path for one in sandbox.requests("twilio") if "Media" in one.path] == []


def test_a_message_without_media_has_none(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    comes_in(ava, sandbox, "message", body="Hi")
    assert shown(api, MESSAGES)["media"] == []
    answer = api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hi"})
    assert (answer.json()["media"], answer.json()["details"]) == ([], {})


@pytest.mark.parametrize(
    "sender",
    [LONG_SIP, "68849", "SUPPORT", "My Shop", f"whatsapp:{THEIRS}", "messenger:1234567890123456"],
)
@pytest.mark.parametrize(
    ("kind", "path"), [("call", CALLS), ("message", MESSAGES)], ids=["call", "message"]
)
def test_a_senders_address_is_kept_whole_and_finds_it(
    api: APIClient,
    twilio_user: User,
    ava: str,
    sandbox: Sandbox,
    kind: str,
    path: str,
    sender: str,
) -> None:
    body = {"body": "Hi"} if kind == "message" else {}
    comes_in(ava, sandbox, kind, **{"from": sender, **body})
    found = shown(api, path)
    assert found["from"] == sender
    assert [one["id"] for one in api.get(path, {"from": sender}).json()["results"]] == [found["id"]]


def test_an_address_that_no_column_holds_says_that_it_was_cut(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    form = {"CallSid": "CA1", "From": CUT_SIP, "To": OURS, "CallStatus": "ringing"}
    assert callback(ava, "voice", "", form).ok
    run_jobs()
    kept = shown(api, CALLS)["from"]
    assert kept.startswith("sip:aaa")
    assert kept.endswith(" characters more]")
    assert len(kept) == 320


MORE = {
    "message": {
        "FromCity": "BERLIN",
        "FromCountry": "DE",
        "ProfileName": "Ada",
        "WaId": "14155550123",
        "Latitude": "52.5",
        "Longitude": "13.4",
        "ButtonPayload": "yes",
        "NumSegments": "1",
    },
    "call": {"FromCity": "BERLIN", "CallerName": "ADA", "StirVerstat": "TN-Validation-Passed-A"},
}


@pytest.mark.parametrize(
    ("kind", "path"), [("call", CALLS), ("message", MESSAGES)], ids=["call", "message"]
)
def test_what_else_the_provider_says_is_kept_by_its_names(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, kind: str, path: str
) -> None:
    body = {"body": "Hi"} if kind == "message" else {}
    more = {**MORE[kind], "CallerCity": "BERLIN", "Empty": ""}
    more.pop("NumSegments", None)  # the sandbox counts itself
    comes_in(ava, sandbox, kind, more=more, **body)
    assert shown(api, path)["details"] == MORE[kind]
    [listed] = api.get(path).json()["results"]
    assert "details" not in listed


def test_details_without_end_are_kept_up_to_a_limit_that_is_said(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    form = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "Body": "Hi", "SmsStatus": "received"}
    form |= {f"Parameter{number}": "x" * 3000 for number in range(10)}
    assert callback(ava, "message", "", form).ok
    run_jobs()
    details = shown(api, MESSAGES)["details"]
    assert details.pop("left_out") == "5 fields"
    assert len(details) == 5


def test_the_previous_release_stores_rows_without_these_columns(twilio_user: User) -> None:
    row = Message(
        owner=twilio_user, holder="1", to=THEIRS, from_number=OURS, status="sent", body="Hi"
    )
    new = ("media", "details")
    columns = [one for one in Message._meta.concrete_fields if one.name not in new]
    names = ", ".join(f'"{one.column}"' for one in columns)
    values = [one.get_db_prep_save(getattr(row, one.attname), connection) for one in columns]
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO telephony_message ({names}) VALUES ({marks})", values)
    kept = Message.objects.get()
    assert (kept.media, kept.details) == ([], {})
