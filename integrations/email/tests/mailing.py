"""A user with Resend and SMTP at the sandbox, mails to send, jobs to run."""

import time
from datetime import timedelta
from typing import Any

import requests
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from ava.jobs import services as jobs
from integrations.credentials import services as credentials
from sandbox.server import Sandbox

MESSAGES = "/api/v1/integrations/email/messages"
TEST = "/api/v1/integrations/email/test"
MAIL = {"to": ["grace@example.org"], "subject": "Hello", "text": "It works."}
RESEND = {"api_key": "re_demo", "from_email": "ada@example.com"}


def store_resend(user: User, **changes: Any) -> None:
    values = {**RESEND, **changes}
    credentials.save(user=user, provider="resend", values=values, actor=user, source="api")


def store_smtp(user: User, sandbox: Sandbox, **changes: Any) -> None:
    values = {
        "host": "127.0.0.1",
        "port": sandbox.smtp_port,
        "security": "starttls",
        "username": "demo",
        "password": "smtp-demo",
        "from_email": "smtp@example.com",
        **changes,
    }
    credentials.save(user=user, provider="smtp", values=values, actor=user, source="api")


def fault(sandbox: Sandbox, provider: str, kind: str, **more: Any) -> None:
    order = {"provider": provider, "kind": kind, **more}
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5)
    assert answer.ok, answer.text


def arrived(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The mails that were really sent."""
    answer = requests.get(f"{sandbox.url}/_sandbox/mailbox", timeout=5)
    return list(answer.json()["mails"])


def ways(sandbox: Sandbox) -> list[str]:
    """By what each of them came."""
    return [mail["via"] for mail in arrived(sandbox)]


def run_jobs(*, seconds: float = 0.0) -> None:
    """Run the jobs that are due, or will be in so many seconds."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
        jobs.run_due()


def until_reached(reached: Any) -> None:
    give_up = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)
