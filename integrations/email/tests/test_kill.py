"""kill -9 at every step of sending a mail: each is sent once, or says that it may have been.

One request after the other is stopped at its own step, then the whole of AVA is killed at once.
"""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

STEPS: dict[str, dict[str, Any]] = {
    # On its way to Resend, and taken by Resend, which does not answer.
    "r1": {"provider": "resend", "kind": "hang", "match": "POST /emails"},
    "r2": {"provider": "resend", "kind": "hang", "when": "after", "match": "POST /emails"},
    # At the mail server: before the text, with it, and after it was taken.
    "s1": {"provider": "smtp", "kind": "hang", "match": "MAIL /"},
    "s2": {"provider": "smtp", "kind": "hang", "match": "DATA /"},
    "s3": {"provider": "smtp", "kind": "hang", "when": "after", "match": "DATA /"},
}
ENDS = {"r1": "sent", "r2": "sent", "s1": "sent", "s2": "unknown", "s3": "unknown"}
ARRIVED = {"r1": 1, "r2": 1, "s1": 1, "s3": 1}


def send(ava: RunningAva, step: str) -> None:
    """Send a mail that does not come back."""
    wanted = {"to": [f"{step}@example.org"], "subject": step, "text": "Hello."}
    headers = {"Authorization": str(ava.session.headers["Authorization"])}
    url = f"{ava.url}/api/v1/integrations/email/messages"
    with pytest.raises(requests.RequestException):
        requests.post(url, json=wanted, headers=headers, timeout=60)


def use(ava: RunningAva, slug: str) -> None:
    """Have the user's mails go this way alone."""
    own: dict[str, Any] = {"api_key": "re_demo", "from_email": "ada@example.com"}
    if slug == "smtp":
        own = {"host": "127.0.0.1", "port": ava.smtp_port, "security": "starttls"}
        own |= {"username": "demo", "password": "smtp-demo", "from_email": "ada@example.com"}
    assert ava.call("PUT", f"/integrations/{slug}/credentials", json=own).ok


def rows(ava: RunningAva) -> dict[str, dict[str, Any]]:
    found = ava.call("GET", "/integrations/email/messages").json()["results"]
    return {row["subject"]: row for row in found}


def test_a_kill_at_any_step_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    ava = RunningAva(tmp_path / "var", DJANGO_SETTINGS_MODULE="integrations.tests.quick")
    ava.start_sandbox()
    with ava:
        ava.login()
        stuck = []
        for step, fault in STEPS.items():
            use(ava, "resend" if step[0] == "r" else "smtp")
            if step == "s1":
                ava.call("DELETE", "/integrations/resend/credentials")
            ava.fault(count=1, **fault)
            stuck.append(threading.Thread(target=send, args=(ava, step), daemon=True))
            stuck[-1].start()
            until(lambda: not ava.shown("faults")["faults"])
        ava.kill()
        for thread in stuck:
            thread.join()
        ava.heal()
        ava.start()
        use(ava, "resend")
        until(lambda: {step: row["status"] for step, row in rows(ava).items()} == ENDS)
        until(lambda: all(row["error"] for row in rows(ava).values() if row["status"] == "unknown"))
        really = Counter(mail["to"][0][:2] for mail in ava.shown("mailbox")["mails"])
        assert really == ARRIVED
        assert '"exc_type"' not in ava.output()
