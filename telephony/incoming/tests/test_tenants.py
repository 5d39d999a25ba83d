"""Tenants apart: what one proves says nothing about another's rows, whatever IDs it names."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.credentials.models import Credential
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.calls.assistant_calls import MARK
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    GOOD,
    HOOKS,
    MESSAGES,
    OURS,
    THEIRS,
    callback,
    phone,
    posts,
    rings,
    run_jobs,
    store,
    until,
)
from telephony.incoming.tests.lines import SECRET, connect
from telephony.messages.models import Message
from telephony.optouts.models import OptOut
from vapi_settings.tests.hooking import payload, post

pytestmark = pytest.mark.database

THEIR_TOKEN = "token-of-a-hostile-tenant"
THEIR_SECRET = "secret-of-a-hostile-tenant"
ACCOUNT = f"/2010-04-01/Accounts/{GOOD['account_sid']}"
CREDENTIALS = "/api/v1/integrations/twilio/credentials"
SMS = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "Body": "Hi", "SmsStatus": "received"}


@pytest.fixture
def hostile(stranger: User, ava: str) -> User:
    """A tenant who names the account of another one, with a token of their own."""
    store(stranger, auth_token=THEIR_TOKEN)
    connect(stranger, webhook_secret=THEIR_SECRET)
    return stranger


def placed(api: APIClient, **more: Any) -> dict[str, Any]:
    body = {"to": THEIRS, "from": OURS, **(more or {"say": "Hello"})}
    answer = api.post(CALLS, body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def read_back(api: APIClient, row: dict[str, Any]) -> dict[str, Any]:
    run_jobs()
    return dict(api.get(f"{CALLS}/{row['id']}").json())


def report(user: User, secret: str, call_id: str, **about: Any) -> None:
    body = payload("end_of_call_report")
    body["message"]["call"] |= {"id": call_id, **about}
    account = Credential.objects.get(user=user, provider="vapi").pk
    answer = post(body, account=account, headers={"X-Vapi-Secret": secret})
    assert answer.status_code == 204, answer.content
    run_jobs()


@pytest.mark.parametrize("named", ["its ID at Vapi", "its mark", "its leg at Twilio"])
def test_a_report_of_one_tenant_leaves_anothers_call_as_it_is(
    api: APIClient, owner: User, hostile: User, sandbox: Sandbox, named: str
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    victims = placed(api, assistant_id=seed.ASSISTANT_ID)
    before = read_back(api, victims)
    about: dict[str, Any] = {"type": "inboundPhoneCall"}
    if named == "its mark":
        about |= {"assistantOverrides": {"metadata": {MARK: victims["id"]}}}
    elif named == "its leg at Twilio":
        about |= {"phoneCallProviderId": before["provider_sid"]}
    report(hostile, THEIR_SECRET, victims["vapi_call_id"], **about)
    assert read_back(api, victims) == before
    report(owner, SECRET, victims["vapi_call_id"])
    assert read_back(api, victims)["status"] == "completed"


def test_two_tenants_may_hear_of_the_same_id_at_vapi(
    api: APIClient, strangers_api: APIClient, owner: User, hostile: User
) -> None:
    report(hostile, THEIR_SECRET, "the-same-id", type="inboundPhoneCall")
    report(owner, SECRET, "the-same-id", type="inboundPhoneCall")
    for each in (api, strangers_api):
        assert each.get(CALLS).json()["count"] == 1


def test_an_id_that_a_tenant_claimed_beforehand_is_kept_for_its_receiver(
    ava: str, api: APIClient, owner: User, hostile: User
) -> None:
    sms = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "SmsStatus": "received"}
    assert callback(ava, "message", "", {**sms, "Body": "InvalidSignature"}, token=THEIR_TOKEN).ok
    assert callback(ava, "message", "", {**sms, "Body": "Real"}).ok
    run_jobs()
    assert [one["body"] for one in api.get(MESSAGES).json()["results"]] == ["Real"]


def test_a_stop_that_a_tenant_forged_stops_nobody_elses_messages(
    ava: str, api: APIClient, owner: User, hostile: User
) -> None:
    sms = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "Body": "STOP"}
    assert callback(ava, "message", "", sms, token=THEIR_TOKEN).ok
    run_jobs()
    assert set(OptOut.objects.values_list("holder", flat=True)) == {str(hostile.pk)}
    assert api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hi"}).status_code == 201


def test_a_call_that_was_guessed_is_not_taken_away_by_a_tenants_claim(
    ava: str, api: APIClient, owner: User, hostile: User, sandbox: Sandbox, settings: Any
) -> None:
    """AVA would call the person a second time."""
    phone(sandbox, "answer", ring_ms=60_000)
    api.get("/api/v1/twilio/numbers")
    settings.PUBLIC_URL = ""
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=f"POST {ACCOUNT}/Calls.json")
    victims = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}).json()
    run_jobs(seconds=21)
    guessed = Call.objects.get(pk=victims["id"])
    assert guessed.guessed
    settings.PUBLIC_URL = ava
    claim = Call.objects.create(
        owner=hostile,
        holder=str(hostile.pk),
        account_sid=GOOD["account_sid"],
        to=THEIRS,
        from_number=OURS,
        status="unknown",
        attempt=1,
        attempted_at=timezone.now(),
    )
    fields = {"CallSid": str(guessed.provider_sid), "CallStatus": "ringing"}
    assert callback(ava, "call-status", f"call={claim.pk}", fields, token=THEIR_TOKEN).ok
    for seconds in (0, 30, 60, 90):
        run_jobs(seconds=seconds)
    assert Call.objects.get(pk=guessed.pk).provider_sid == guessed.provider_sid
    assert len(rings(sandbox)) == 1


def test_keys_taken_back_open_nothing_of_the_operators_account(
    ava: str, api: APIClient, strangers_api: APIClient, hostile: User, user: User,
    sandbox: Sandbox, settings: Any,
) -> None:  # fmt: skip
    """A claimed ID, and then the operator's credentials to follow it with."""
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": GOOD["account_sid"],
        "TWILIO_AUTH_TOKEN": GOOD["auth_token"],
    }
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    phone(sandbox, "answer", ring_ms=60_000)
    victims = placed(api)
    incoming = {"CallSid": victims["provider_sid"], "CallStatus": "ringing", "To": OURS}
    assert callback(ava, "voice", "", incoming, token=THEIR_TOKEN).ok
    run_jobs()
    [claim] = strangers_api.get(CALLS).json()["results"]
    assert claim["provider_sid"] == victims["provider_sid"]
    assert strangers_api.delete(CREDENTIALS).status_code == 204
    assert strangers_api.post(f"{CALLS}/{claim['id']}/hangup").status_code >= 400
    assert read_back(api, victims)["status"] == "ringing"


def test_of_two_tenants_who_share_an_account_one_gets_what_is_found_there(
    api: APIClient, strangers_api: APIClient, owner: User, stranger: User, sandbox: Sandbox
) -> None:
    store(stranger)
    text = {"to": THEIRS, "from": OURS, "body": "Hello"}
    for each in (api, strangers_api):
        each.get("/api/v1/twilio/numbers")
    sandbox.faults.add(
        "twilio", "reset", when="after", count=1, match=f"POST {ACCOUNT}/Messages.json"
    )
    api.post(MESSAGES, text)
    sandbox.faults.add(
        "twilio", "reset", when="before", count=1, match=f"POST {ACCOUNT}/Messages.json"
    )
    strangers_api.post(MESSAGES, text)

    later = itertools.count(30, 15)

    def known() -> bool:
        run_jobs(seconds=next(later))
        return not Message.objects.filter(status="unknown").exists()

    until(known)
    assert len(posts(sandbox)) == 3
    assert Message.objects.values("provider_sid").distinct().count() == 2


def test_a_call_at_the_operators_vapi_is_its_callers_alone(
    api: APIClient, strangers_api: APIClient, user: User, stranger: User,
    sandbox: Sandbox, settings: Any,
) -> None:  # fmt: skip
    settings.RATE_LIMIT_PER_MINUTE = 1000
    settings.OPERATOR_CREDENTIALS = {"AVA_API_VAPI_API_KEY": "vapi-demo-key"}
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    phone(sandbox, "answer", ring_ms=60_000)
    victims = placed(api, assistant_id=seed.ASSISTANT_ID)
    claim = placed(strangers_api, assistant_id=seed.ASSISTANT_ID)
    before = read_back(api, victims)
    Call.objects.filter(pk=claim["id"]).update(vapi_call_id=victims["vapi_call_id"])
    assert strangers_api.post(f"{CALLS}/{claim['id']}/hangup").status_code == 202
    long_ago = timezone.now() - timedelta(minutes=2)
    Call.objects.filter(pk=claim["id"]).update(updated_at=long_ago)
    assert not strangers_api.get(f"{CALLS}/{claim['id']}").json()["transcript"]
    assert read_back(api, victims)["status"] == before["status"]


def address(user: User) -> str:
    return f"account={Credential.objects.get(user=user, provider='twilio').pk}"


def test_what_comes_in_at_a_users_address_is_theirs_though_others_share_the_account(
    ava: str, api: APIClient, strangers_api: APIClient, owner: User, stranger: User
) -> None:
    store(stranger)
    assert callback(ava, "message", address(stranger), SMS).ok
    run_jobs()
    assert [each.get(MESSAGES).json()["count"] for each in (api, strangers_api)] == [0, 1]


def test_a_stop_holds_for_all_who_share_the_account_whoever_the_address_names(
    ava: str, owner: User, stranger: User
) -> None:
    store(stranger)
    assert callback(ava, "message", address(stranger), {**SMS, "Body": "STOP"}).ok
    run_jobs()
    assert set(OptOut.objects.values_list("holder", flat=True)) == {
        str(owner.pk),
        str(stranger.pk),
    }


@pytest.mark.parametrize("named", ["another user", "nobody", "two users", "an inactive user"])
def test_an_address_takes_what_its_own_users_token_proves_and_nothing_else(
    ava: str, owner: User, hostile: User, named: str
) -> None:
    mark, token = {
        "another user": (address(owner), THEIR_TOKEN),
        "nobody": ("account=00000000-0000-4000-8000-000000000000", GOOD["auth_token"]),
        "two users": (f"{address(hostile)}&{address(owner)}", THEIR_TOKEN),
        "an inactive user": (address(hostile), THEIR_TOKEN),
    }[named]
    User.objects.filter(pk=hostile.pk).update(is_active=named != "an inactive user")
    answer = callback(ava, "message", mark, SMS, token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert not Message.objects.exists()


def test_the_address_that_is_shown_with_the_credentials_takes_messages(
    ava: str, api: APIClient, owner: User
) -> None:
    path, _, mark = api.get(CREDENTIALS).json()["webhook_url"].partition("?")
    assert path == f"{ava}{HOOKS}/message"
    assert callback(ava, "message", mark, SMS).ok
    run_jobs()
    assert api.get(MESSAGES).json()["count"] == 1
