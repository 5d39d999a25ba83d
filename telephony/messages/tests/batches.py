"""Batches of messages, begun and shown over the API."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from telephony.conftest import MESSAGES, OURS, run_jobs, texts, until

BULK = f"{MESSAGES}/bulk"
MANY = [f"+1415555010{number}" for number in range(6)]


def begin(api: APIClient, **more: Any) -> str:
    body = {"recipients": MANY, "body": "News", "from": OURS, "per_minute": 60, **more}
    answer = api.post(BULK, body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def shown(api: APIClient, batch: str) -> dict[str, Any]:
    return dict(api.get(f"{BULK}/{batch}").json())


def pausing(api: APIClient, batch: str, *, when: int) -> Callable[[], datetime]:
    """A clock; as it is looked at for the nth time, a user pauses the batch."""
    looks = count(1)

    def now() -> datetime:
        if next(looks) == when:
            assert api.post(f"{BULK}/{batch}/pause").status_code == 200
        return timezone.now()

    return now


def finish(api: APIClient, sandbox: Sandbox, batch: str, number: int) -> None:
    """Let the time go by until a batch is done, and see that each arrived once."""
    leaps = count(300, 20)

    def done() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown(api, batch)["state"] == "done")

    until(done)
    until(lambda: len(texts(sandbox)) >= number)
    assert len(texts(sandbox)) == number
