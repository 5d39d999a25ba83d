"""A scene for pictures: what the demo user has done in each room, the same in each run."""

from typing import Any

from tests.server import PASSWORD, RunningAva, until

TRACE = "a-mail-about-a-table"
PERSON, OTHER, THIRD, OURS = "+14155550101", "+14155550102", "+14155550103", "+15005550006"
READY, HELD = "Your table for two is ready.", "We hold it until eight."
RESEND = {"api_key": "re_demo", "from_email": "ada@example.com"}


def play(ava: RunningAva) -> dict[str, str]:
    """Have it happen, each after the end of the one before.

    Returns: IDs of what has a page.
    """
    ava.login().call("PUT", "/integrations/resend/credentials", json=RESEND)
    # Whatever pages come first: each provider was asked.
    assert ava.call("GET", "/vapi/assistants").ok
    # So long that AVA knows that it rings before it is answered, on a busy machine as well.
    ava.order("phone", to=PERSON, behaviour="answer", ring_ms=3000)
    call = _make(ava, "/twilio/calls", "completed", to=PERSON, say=READY)
    _make(ava, "/twilio/messages", "delivered", to=OTHER, body="See you on Friday.")
    for text in (READY, HELD):
        _make(ava, "/twilio/messages", "delivered", to=PERSON, body=text)
    mail = {"to": ["ada@example.com"], "subject": "Table for two", "text": READY}
    trace = {"X-Correlation-ID": TRACE}
    assert ava.call("POST", "/integrations/email/messages", json=mail, headers=trace).ok
    batch = _make(
        ava, "/twilio/messages/bulk", "done", state="state",
        recipients=[THIRD, "12"], body="We are closed on Monday.",
    )  # fmt: skip
    assert ava.call("POST", "/twilio/opt-outs", json={"number": THIRD}).ok
    for address in ("bo@example.com", "cai@example.com"):
        path = "/integrations/email/suppressions"
        assert ava.call("POST", path, json={"address": address}).ok
    token = {"name": "n8n", "scope": "read", "password": PASSWORD}
    assert ava.call("POST", "/auth/tokens", json=token).ok
    return {"call": call, "batch": batch}


def _make(ava: RunningAva, path: str, end: str, *, state: str = "status", **body: Any) -> str:
    made = ava.call("POST", path, json={"from": OURS, **body}).json()
    address = f"{path}/{made['id']}"
    until(lambda: ava.call("GET", address).json()[state] == end)
    return str(made["id"])
