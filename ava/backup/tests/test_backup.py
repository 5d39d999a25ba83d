"""Backup and restore as an operator runs them, on SQLite and on PostgreSQL."""

import base64
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from ava.accounts import services as accounts
from ava.accounts.models import Session
from ava.backup.tests.conftest import command
from ava.inbound.models import Delivery
from ava.jobs import services as jobs
from ava.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
Empty = Callable[[], None]
ODD = 'Ada "\\N\tLovelace\n\r\u2603 \U0001f4de'


def names() -> set[str]:
    return set(User.objects.values_list("first_name", flat=True))


def test_a_database_comes_back_whole_into_an_empty_one(empty: Empty, tmp_path: Path) -> None:
    ada = User.objects.create_user("ada", first_name=ODD, is_staff=True)
    User.objects.create_user("bob", first_name="")
    Delivery.objects.create(
        provider="vapi", kind="", delivery_id="1", payload={"a": [1, None, ODD]}, state="done",
        received_at=timezone.now(),
    )  # fmt: skip
    said = command("backup", tmp_path / "backup")
    assert "and read it back." in said
    empty()
    said = command("restore", tmp_path / "backup")
    assert said.startswith("Restored "), said
    assert names() == {ODD, ""}
    again = User.objects.get(username="ada")
    assert (again.pk, again.is_staff, again.date_joined) == (ada.pk, True, ada.date_joined)
    assert Delivery.objects.get().payload == {"a": [1, None, ODD]}
    # Numbers go on behind the restored ones.
    assert User.objects.create_user("eve").pk > ada.pk + 1


def test_only_an_empty_database_is_filled_unless_it_is_to_be_replaced(
    empty: Empty, tmp_path: Path
) -> None:
    User.objects.create_user("ada", first_name="before")
    command("backup", tmp_path / "backup")
    User.objects.update(first_name="after")
    said = command("restore", tmp_path / "backup")
    assert said.startswith("CommandError: The database is not empty.")
    assert names() == {"after"}
    assert command("restore", tmp_path / "backup", "--replace").startswith("Restored ")
    assert names() == {"before"}


@pytest.mark.sqlite
def test_a_backup_that_was_damaged_or_is_none_changes_nothing(empty: Empty, tmp_path: Path) -> None:
    User.objects.create_user("ada")
    command("backup", tmp_path / "backup")
    (file, *_) = sorted((tmp_path / "backup").glob("*user*.gz")) or [
        tmp_path / "backup" / "database.sqlite3"
    ]
    file.write_bytes(file.read_bytes()[:-1])
    assert "missing or damaged" in command("restore", tmp_path / "backup", "--replace")
    assert "holds no backup" in command("restore", tmp_path, "--replace")
    assert User.objects.count() == 1


@pytest.mark.sqlite
def test_a_backup_of_a_newer_ava_or_another_database_is_refused(
    empty: Empty, tmp_path: Path
) -> None:
    command("backup", tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"migrations": ["telephony.9999_new"]}))
    said = command("restore", tmp_path / "backup")
    assert "made by a newer AVA (it has telephony.9999_new)" in said
    path.write_text(json.dumps(manifest | {"engine": "oracle"}))
    assert "This is a backup of oracle" in command("restore", tmp_path / "backup")


@pytest.mark.sqlite
def test_the_keys_are_not_in_it_and_their_loss_is_told(
    empty: Empty, tmp_path: Path, settings: Any
) -> None:
    said = command("backup", tmp_path / "backup")
    assert "Not in it: the keys." in said
    whole = b"".join(path.read_bytes() for path in (tmp_path / "backup").iterdir())
    for key in (settings.SECRET_KEY, settings.AVA_JWT_KEY, settings.AVA_KEYS[3:]):
        assert key.encode() not in whole
    assert "AVA_KEYS" not in command("restore", tmp_path / "backup")
    settings.AVA_KEYS = "k1:" + base64.b64encode(bytes(range(32))).decode()
    said = command("restore", tmp_path / "backup", "--replace")
    assert "AVA_KEYS k1 is not the key of this backup" in said


@pytest.mark.sqlite
def test_it_is_for_its_owner_only_and_replaces_no_other(empty: Empty, tmp_path: Path) -> None:
    command("backup", tmp_path / "backup")
    made = [tmp_path / "backup", *(tmp_path / "backup").iterdir()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in made)
    assert "is there already" in command("backup", tmp_path / "backup")
    assert "cannot be written" in command("backup", "/proc/backup")


def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(
    empty: Empty, tmp_path: Path
) -> None:
    def write(number: int) -> None:
        if number == 0:
            command("backup", tmp_path / "backup")
        else:  # a login: two rows, or none
            accounts.open_session(user=User.objects.create_user(f"user{number}"))
        connection.close()

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(write, range(9)))
    empty()
    command("restore", tmp_path / "backup")
    assert set(Session.objects.values_list("user", flat=True)) <= set(
        User.objects.values_list("pk", flat=True)
    )


@pytest.mark.sqlite
def test_jobs_webhooks_and_logins_of_the_backup_are_held(empty: Empty, tmp_path: Path) -> None:
    ada = User.objects.create_user("ada")
    accounts.open_session(user=ada)
    jobs.ensure_periodic()
    periodic = Job.objects.count()
    jobs.enqueue("dispatch_delivery", {"id": "x"}, key="x")
    stored = {"provider": "vapi", "kind": "", "payload": {}, "received_at": timezone.now()}
    Delivery.objects.create(delivery_id="1", **stored)
    command("backup", tmp_path / "backup")
    said = command("restore", tmp_path / "backup", "--replace")
    assert "  jobs given up: 1\n" in said
    assert "  webhooks left unhandled: 1\n" in said
    assert "  logins ended: 1\n" in said
    assert Job.objects.filter(state="queued").count() == periodic
    job = Job.objects.get(key="x")
    assert job.state == "dead"
    assert "restored from a backup" in job.last_error
    assert Delivery.objects.get().state == "failed"
    assert Session.objects.get().end == "operator"


@pytest.mark.sqlite
def test_a_database_that_ava_has_open_is_not_replaced(empty: Empty, tmp_path: Path) -> None:
    User.objects.create_user("ada")
    command("backup", tmp_path / "backup")
    with closing(sqlite3.connect(str(connection.settings_dict["NAME"]))) as ava:
        ava.execute("SELECT * FROM auth_user")
        said = command("restore", tmp_path / "backup", "--replace")
    assert said == "CommandError: The database is in use: stop AVA first."
    assert User.objects.count() == 1
