"""TwiML of users, through POST /api/v1/twilio/calls: it sends no signed request to AVA."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.calls.models import Call
from telephony.conftest import CALLS, OURS, THEIRS, posts, rings, run_jobs

PUBLIC = "https://ava.example:8443"
FOREIGN = "https://other.example/next"


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.PUBLIC_URL = PUBLIC
    settings.RATE_LIMIT_PER_MINUTE = 1000


@pytest.fixture
def shared(user: User, settings: Any) -> User:
    """A user without Twilio credentials, whom the operator's account serves."""
    settings.OPERATOR_CREDENTIALS = {
        **settings.OPERATOR_CREDENTIALS,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    return user


def order(inner: str, **more: Any) -> dict[str, Any]:
    return {"to": THEIRS, "from": OURS, "twiml": f"<Response>{inner}</Response>", **more}


@pytest.mark.parametrize(
    ("inner", "place"),
    [
        ("<Redirect>https://AVA.example./api/v1/webhooks/twilio/voice</Redirect>", "<Redirect>"),
        ("<Redirect>http://testserver/x</Redirect>", "<Redirect>"),
        ("<Redirect>http://2130706433:8000/x</Redirect>", "<Redirect>"),
        ("<Redirect>voice?call=1</Redirect>", "<Redirect>"),
        ("<Gather action='dial-status'/>", "<Gather action>"),
        (f"<Dial action='{PUBLIC}/x'>{THEIRS}</Dial>", "<Dial action>"),
        (f"<Dial><Number url='/x'>{THEIRS}</Number></Dial>", "<Number url>"),
        ("<Dial><Sip statusCallback='call-status'>sip:a@b.example</Sip></Dial>", "<Sip "),
        ("<Play>/static/x.mp3</Play>", "<Play>"),
    ],
)
def test_a_call_whose_twiml_leads_to_ava_is_refused_by_its_verb(
    api: APIClient, twilio_user: User, sandbox: Sandbox, inner: str, place: str
) -> None:
    answer = api.post(CALLS, order(inner))
    assert answer.status_code == 400, answer.content
    [said] = answer.json()["errors"]["twiml"]
    assert said.startswith(place)
    assert posts(sandbox) == []
    assert not Call.objects.exists()


@pytest.mark.parametrize("address", ["", "voice", "http://testserver/x", "http://[::1]/x"])
def test_without_a_public_address_it_is_refused_as_well(
    api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any, address: str
) -> None:
    settings.PUBLIC_URL = None
    answer = api.post(CALLS, order(f"<Redirect>{address}</Redirect>"))
    assert (answer.status_code, "twiml" in answer.json()["errors"]) == (400, True)
    assert posts(sandbox) == []


def test_the_users_own_account_takes_twiml_with_addresses_of_others(
    api: APIClient, twilio_user: User
) -> None:
    inner = f"<Dial action='{FOREIGN}'>{THEIRS}</Dial><Redirect>{FOREIGN}</Redirect>"
    assert api.post(CALLS, order(inner)).status_code == 201


def test_the_operators_account_takes_none_that_could_lead_back(
    api: APIClient, shared: User, sandbox: Sandbox
) -> None:
    for inner, place in (
        (f"<Redirect>{FOREIGN}</Redirect>", "<Redirect>"),
        (f"<Gather><Say/></Gather><Dial action='{FOREIGN}'>{THEIRS}</Dial>", "<Dial action>"),
        (f"<Dial><Number statusCallback='{FOREIGN}'>+1</Number></Dial>", "<Number statusCallback>"),
    ):
        answer = api.post(CALLS, order(inner))
        assert answer.status_code == 400, answer.content
        [said] = answer.json()["errors"]["twiml"]
        assert place in said
        assert "Store Twilio credentials of your own" in said
    assert posts(sandbox) == []
    assert {row.status for row in Call.objects.all()} == {"failed"}
    plays = f"<Play>{FOREIGN}</Play><Say>https://ava.example</Say><Gather/>"
    assert api.post(CALLS, order(plays)).status_code == 201
    assert api.post(CALLS, {"to": THEIRS, "from": OURS, "say": FOREIGN}).status_code == 201


@pytest.mark.parametrize(
    "inner",
    [
        f"<Dial>{THEIRS}</Dial>",
        f"<Say>Hi</Say><Dial><Number>{THEIRS}</Number></Dial>",
        f"<Sms to='{THEIRS}'>Hi</Sms>",
        f"<Refer><Sip>sip:{THEIRS}@b.example</Sip></Refer>",
    ],
)
def test_the_operators_account_reaches_nobody_from_within_a_call(
    api: APIClient, shared: User, sandbox: Sandbox, inner: str
) -> None:
    """That would be counted in no allowance."""
    answer = api.post(CALLS, order(inner))
    assert answer.status_code == 400, answer.content
    assert "takes no TwiML with <" in answer.json()["errors"]["twiml"][0]
    assert posts(sandbox) == []


def test_a_scheduled_call_that_comes_to_the_operators_account_is_not_placed(
    api: APIClient, shared: User, twilio_user: User, sandbox: Sandbox
) -> None:
    at = (timezone.now() + timedelta(minutes=5)).isoformat()
    made = api.post(CALLS, order(f"<Redirect>{FOREIGN}</Redirect>", send_at=at)).json()
    assert made["status"] == "scheduled"
    credentials.delete(user=twilio_user, provider="twilio", actor=twilio_user, source="api")
    run_jobs(seconds=301)
    shown = api.get(f"{CALLS}/{made['id']}").json()
    assert shown["status"] == "failed"
    assert shown["error"].startswith("This began with the Twilio account ...0000")
    assert (posts(sandbox), rings(sandbox)) == ([], [])
