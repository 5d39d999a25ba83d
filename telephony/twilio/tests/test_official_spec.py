"""What AVA asks of Twilio, held against Twilio's official document."""

import re
from typing import Any
from urllib.parse import parse_qsl

from django.utils import timezone

from sandbox.server import Sandbox
from sandbox.tests import specs
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import OURS, THEIRS
from telephony.twilio.client import TwilioClient

HOOK = "https://ava.example/api/v1/webhooks/twilio/call-status?call=1&attempt=1"
# That more than one of these may be sent, each under the same name.
REPEATED = {"StatusCallbackEvent"}


def test_every_request_is_one_that_twilio_documents(sandbox: Sandbox) -> None:
    client = TwilioClient(account_sid=ACCOUNT_SID, username=ACCOUNT_SID, password=AUTH_TOKEN)
    pair: dict[str, Any] = {"to": THEIRS, "from_number": OURS}
    say = "<Response><Pause length='60'/></Response>"
    client.account()
    client.numbers()
    call = client.create_call(**pair, twiml=say, status_callback=HOOK)
    client.call(call.sid)
    client.calls(**pair, since=timezone.now())
    client.end_call(call.sid)
    message = client.create_message(**pair, body="Hello", status_callback=HOOK)
    client.message(message.sid)
    client.messages(**pair, since=timezone.now())

    paths = specs.load("twilio_api_v2010.json")["paths"]
    arrived = sandbox.requests("twilio")
    assert len(arrived) == 9
    for one in arrived:
        operation = paths[template(one.path)][one.method.lower()]
        documented = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
        assert set(one.query) <= documented, one.path
        assert sent(one.body) <= fields(operation), one.path


def template(path: str) -> str:
    """The path as the document has it."""
    path = path.replace(ACCOUNT_SID, "{AccountSid}", 1)
    if path.endswith("/Accounts/{AccountSid}.json"):
        return path.replace("{AccountSid}", "{Sid}")
    return re.sub(r"/(CA|SM)[0-9a-f]{32}\.json", "/{Sid}.json", path)


def sent(body: Any) -> set[str]:
    """The names of the form's fields; only what may be repeated is."""
    if not body:
        return set()
    if isinstance(body, dict):
        return set(body)
    names = [name for name, _ in parse_qsl(str(body))]
    assert all(names.count(name) == 1 or name in REPEATED for name in names)
    return set(names)


def fields(operation: dict[str, Any]) -> set[str]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
    return set(schema.get("properties", {}))
