"""The line from Twilio's number to the assistant at Vapi, as the sandbox plays it."""

from typing import Any

import requests
from django.contrib.auth.models import User

from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import HOOKS, OURS, THEIRS

ADDRESS = "sip:brightside-desk@sip.vapi.ai"
SECRET = "planted-hook-0004"
NUMBER_SID = "PN" + "0" * 31 + "1"


def connect(user: User, **more: str) -> None:
    values = {"api_key": "vapi-demo-key", "webhook_secret": SECRET, **more}
    credentials.save(user=user, provider="vapi", values=values, actor=user, source="api")


def vapi(sandbox: Sandbox, method: str, path: str, **body: Any) -> Any:
    """Vapi, as its dashboard uses it."""
    answer = requests.request(
        method,
        f"{sandbox.url}/vapi{path}",
        json=body or None,
        headers={"Authorization": "Bearer vapi-demo-key"},
        timeout=5,
    )
    assert answer.ok, answer.text
    return answer.json()


def change_sip_number(sandbox: Sandbox, **fields: Any) -> None:
    [number] = [
        one for one in vapi(sandbox, "GET", "/phone-number") if one.get("sipUri") == ADDRESS
    ]
    vapi(sandbox, "PATCH", f"/phone-number/{number['id']}", **fields)


def call_comes_in(ava: str, sandbox: Sandbox, *, reports: bool = True) -> None:
    """A person calls the number, the webhooks of which lead to AVA.

    Args:
        reports: whether Twilio reports how the call ends.
    """
    numbers = f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers"
    addresses = {
        "VoiceUrl": f"{ava}{HOOKS}/voice",
        "StatusCallback": f"{ava}{HOOKS}/call-status" if reports else "",
    }
    auth = (ACCOUNT_SID, AUTH_TOKEN)
    requests.post(f"{numbers}/{NUMBER_SID}.json", data=addresses, auth=auth, timeout=5)
    order(sandbox, "incoming", **{"kind": "call", "from": THEIRS, "to": OURS})


def order(sandbox: Sandbox, what: str, **body: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/{what}", json=body, timeout=5)
    assert answer.ok, answer.text
