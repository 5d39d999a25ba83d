"""Calls, messages and batches after a restore of an old state: nothing is done a second time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava.backup.tests.conftest import command
from conftest import PASSWORD, client_of
from sandbox.server import Sandbox
from telephony import conftest
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, rings, run_jobs, texts, until
from telephony.messages.tests.batches import BULK, MANY, begin, shown
from tests.own_database import own_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]
HOUR = 3600
PAIR = {"to": THEIRS, "from": OURS}


@pytest.fixture
def api(
    transactional_db: None, sandbox: Sandbox, settings: Any, tmp_path: Path
) -> Iterator[APIClient]:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    with own_database(tmp_path):
        user = User.objects.create_user("ada", "ada@example.com", PASSWORD)
        conftest.store(user)
        yield client_of(user)


def later(api: APIClient, path: str, *, hours: int = 1, **body: str) -> str:
    when = (timezone.now() + timedelta(hours=hours)).isoformat()
    answer = api.post(path, PAIR | body | {"send_at": when})
    assert answer.status_code == 201, answer.content
    return f"{path}/{answer.json()['id']}"


def restore(directory: Path, *, seconds: int) -> APIClient:
    """So long from now, with a client that has logged in again."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        said = command("restore", directory, "--replace")
        assert said.startswith("Restored "), said
    return client_of(User.objects.get())


def settle(*, seconds: int) -> None:
    """Run jobs until nothing more comes of them."""
    for later_on in (0, 30, 60, 120, 300):
        run_jobs(seconds=seconds + later_on)


@pytest.mark.parametrize(
    ("path", "body", "effects"),
    [(CALLS, {"say": "Hi"}, rings), (MESSAGES, {"body": "Hi"}, texts)],
    ids=["call", "message"],
)
def test_what_was_sent_after_the_backup_is_found_and_not_sent_again(
    api: APIClient, sandbox: Sandbox, tmp_path: Path, path: str, body: Any, effects: Any
) -> None:
    address = later(api, path, **body)
    command("backup", tmp_path / "backup")
    run_jobs(seconds=HOUR + 1)
    until(lambda: effects(sandbox))
    api = restore(tmp_path / "backup", seconds=HOUR + 60)
    settle(seconds=HOUR + 60)
    assert len(posts(sandbox)) == len(effects(sandbox)) == 1
    row = api.get(address).json()
    assert row["provider_sid"] == effects(sandbox)[0]["sid"]
    assert any("AVA was restored from a backup of" in one["detail"] for one in row["timeline"])


def test_what_nobody_got_fails_and_says_so(
    api: APIClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    address = later(api, MESSAGES, body="Hi")
    command("backup", tmp_path / "backup")
    api = restore(tmp_path / "backup", seconds=HOUR + 60)
    settle(seconds=HOUR + 60)
    row = api.get(address).json()
    assert row["status"] == "failed"
    assert "Nobody got this message." in row["error"]
    assert posts(sandbox) == []


def test_what_is_still_to_come_is_sent_at_its_time(
    api: APIClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    address = later(api, MESSAGES, hours=2, body="Hi")
    command("backup", tmp_path / "backup")
    api = restore(tmp_path / "backup", seconds=HOUR)
    settle(seconds=HOUR)
    assert posts(sandbox) == []
    run_jobs(seconds=2 * HOUR + 1)
    assert len(posts(sandbox)) == 1
    assert api.get(address).json()["provider_sid"]


def test_a_batch_is_paused_and_resumed_sends_the_rest_once(
    api: APIClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    batch = begin(api)
    command("backup", tmp_path / "backup")
    for second in (0, 1, 2):
        run_jobs(seconds=second * 1.1)
    sent = len(posts(sandbox))
    until(lambda: len(texts(sandbox)) == sent)
    assert 0 < sent < len(MANY)
    api = restore(tmp_path / "backup", seconds=60)
    settle(seconds=60)
    assert len(posts(sandbox)) == sent
    found = shown(api, batch)
    assert found["state"] == "paused"
    assert "AVA was restored from a backup of" in found["error"]
    assert api.post(f"{BULK}/{batch}/resume").status_code == 200
    for second in range(20):
        run_jobs(seconds=400 + second * 1.1)
    assert len(posts(sandbox)) == len(MANY)
    until(lambda: len(texts(sandbox)) == len(MANY))
    assert sorted(one["to"] for one in texts(sandbox)) == MANY
