"""A scene for pictures: calls, messages and a mail of the demo user's, the same in each run."""

from typing import Any

from tests.server import RunningAva, until

TRACE = "a-mail-about-a-table"
PERSON, OTHER, OURS = "+14155550101", "+14155550102", "+15005550006"
READY, HELD = "Your table for two is ready.", "We hold it until eight."
RESEND = {"api_key": "re_demo", "from_email": "ada@example.com"}


def play(ava: RunningAva) -> str:
    """Have it happen, each after the end of the one before.

    Returns: the call's ID.
    """
    ava.login().call("PUT", "/integrations/resend/credentials", json=RESEND)
    # Whatever pages come first: each provider was asked.
    assert ava.call("GET", "/vapi/assistants").ok
    call = _make(ava, "/twilio/calls", "completed", to=PERSON, say=READY)
    _make(ava, "/twilio/messages", "delivered", to=OTHER, body="See you on Friday.")
    for text in (READY, HELD):
        _make(ava, "/twilio/messages", "delivered", to=PERSON, body=text)
    mail = {"to": ["ada@example.com"], "subject": "Table for two", "text": READY}
    trace = {"X-Correlation-ID": TRACE}
    assert ava.call("POST", "/integrations/email/messages", json=mail, headers=trace).ok
    return call


def _make(ava: RunningAva, path: str, end: str, **body: Any) -> str:
    made = ava.call("POST", path, json={"from": OURS, **body}).json()
    address = f"{path}/{made['id']}"
    until(lambda: ava.call("GET", address).json()["status"] == end)
    return str(made["id"])
