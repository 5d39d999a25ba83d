"""`manage.py rotate_keys` as an operator runs it."""

import base64
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from ava.conf import env
from ava.sealing import fields
from ava.sealing.fields import Sealed
from integrations.credentials.models import Credential
from tests import prepared
from tests.server import PASSWORD

pytestmark = pytest.mark.database

OLD = "k1:" + base64.b64encode(b"1" * 32).decode()
NEW = "k2:" + base64.b64encode(bytes(range(32))).decode()
THIRD = "k3:" + base64.b64encode(bytes(range(64, 96))).decode()
# The database and the signing keys of the tests; the processes below have their own.
ELSEWHERE = ("DATABASE_URL", "SECRET_KEY", "AVA_JWT_KEY")


def stock(count: int) -> None:
    """This many users with a Vapi key each, sealed by the first key."""
    for number in range(count):
        user = User.objects.create(username=f"user{number}")
        Credential.objects.create(user=user, provider="vapi", secrets=f"planted-{number}")


def rotate(*args: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("rotate_keys", *args, stdout=out, stderr=err)
    except CommandError as fault:
        return fault.returncode, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def key_ids() -> list[str | None]:
    return [row.secrets.key_id for row in Credential.objects.all()]


def secrets() -> set[str]:
    return {row.secrets.open() for row in Credential.objects.all()}


@pytest.mark.parametrize("batch", ["1", "3", "100"])
def test_everything_is_sealed_by_the_first_key(db: None, settings: Any, batch: str) -> None:
    stock(7)
    settings.AVA_KEYS = f"{NEW},{OLD}"
    code, out, err = rotate("--batch", batch)
    assert (code, err) == (0, "")
    assert "7 rows sealed by k2." in out
    assert "No row is sealed by k1 any more. Remove it from AVA_KEYS" in out
    settings.AVA_KEYS = NEW
    assert secrets() == {f"planted-{number}" for number in range(7)}


def test_a_second_run_has_nothing_to_do(db: None, settings: Any) -> None:
    stock(2)
    settings.AVA_KEYS = f"{NEW},{OLD}"
    rotate()
    before = list(Credential.objects.values_list("secrets", "version", "updated_at"))
    assert rotate()[1].startswith("0 rows sealed by k2.")
    assert list(Credential.objects.values_list("secrets", "version", "updated_at")) == before


def test_sealing_anew_is_no_change_of_the_credentials(db: None, settings: Any) -> None:
    stock(1)
    before = Credential.objects.values("version", "updated_at").get()
    settings.AVA_KEYS = f"{NEW},{OLD}"
    rotate()
    assert Credential.objects.values("version", "updated_at").get() == before


def test_a_dry_run_counts_and_changes_nothing(db: None, settings: Any) -> None:
    stock(3)
    settings.AVA_KEYS = f"{NEW},{OLD}"
    code, out, err = rotate("--dry-run")
    assert (code, err) == (0, "")
    assert "3 rows would be sealed by k2." in out
    assert "Remove" not in out
    assert key_ids() == ["k1"] * 3


def test_rows_that_do_not_open_are_named_and_the_rest_goes_on(db: None, settings: Any) -> None:
    stock(4)
    lost, damaged, *_ = Credential.objects.order_by("pk")
    settings.AVA_KEYS = THIRD
    lost.secrets = "sealed by a key that is then lost"
    lost.save()
    Credential.objects.filter(pk=damaged.pk).update(secrets=Sealed("v1.k1.damaged"))
    settings.AVA_KEYS = f"{NEW},{OLD}"
    code, out, err = rotate("--batch", "1")
    assert code == 1
    assert "2 rows sealed by k2." in out
    assert f"integrations.credential {lost.pk}" in err
    assert f"integrations.credential {damaged.pk}" in err
    assert "k3 is not in AVA_KEYS" in err


def test_a_key_that_still_seals_a_row_is_not_given_up(db: None, settings: Any) -> None:
    stock(2)
    moved = Credential.objects.order_by("pk")[0]
    other = User.objects.create(username="other")
    Credential.objects.filter(pk=moved.pk).update(user=other)  # its seal is for another owner
    settings.AVA_KEYS = f"{NEW},{OLD}"
    code, out, err = rotate()
    assert code == 1
    assert "1 rows are still sealed by k1: keep it in AVA_KEYS." in err
    assert "Remove" not in out


def test_a_row_changed_meanwhile_is_not_overwritten(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process, which still runs with the old keys, stores a new secret between this
    command's read and its write."""
    stock(1)
    row = Credential.objects.get()
    later = Sealed(fields.seal("stored meanwhile", row.secrets.binding).text)
    reseal, times = Sealed.resealed, []

    def interrupted(sealed: Sealed) -> Sealed:
        if not times:
            Credential.objects.filter(pk=row.pk).update(secrets=later)
        times.append(sealed.text)
        return reseal(sealed)

    monkeypatch.setattr(Sealed, "resealed", interrupted)
    settings.AVA_KEYS = f"{NEW},{OLD}"
    code, out, _ = rotate()
    assert (code, len(times)) == (0, 2)
    assert "1 rows sealed by k2." in out
    assert secrets() == {"stored meanwhile"}
    assert key_ids() == ["k2"]


def test_a_row_deleted_meanwhile_stays_deleted(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(1)
    reseal = Sealed.resealed

    def interrupted(sealed: Sealed) -> Sealed:
        Credential.objects.all().delete()
        return reseal(sealed)

    monkeypatch.setattr(Sealed, "resealed", interrupted)
    settings.AVA_KEYS = f"{NEW},{OLD}"
    assert rotate()[0] == 0
    assert not Credential.objects.exists()


@pytest.mark.parametrize("batch", ["0", "-1"])
def test_an_impossible_batch_is_refused(db: None, batch: str) -> None:
    with pytest.raises(CommandError, match="whole number from 1"):
        call_command("rotate_keys", f"--batch={batch}")


def test_the_help_says_how_to_replace_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("rotate_keys", "--help")
    shown = capsys.readouterr().out
    for word in (
        "AVA_KEYS=k2:",
        '"AVA_KEYS": "k2:',
        "--dry-run",
        "--batch",
        "Exit code",
        "Remove the old key",
    ):
        assert word in shown


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_run_that_is_killed_is_started_again_and_loses_nothing(tmp_path: Path) -> None:
    """A real process on a real database file, killed without warning in the middle."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ELSEWHERE},
        "AVA_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "ava.settings",
        "LOG_LEVEL": "ERROR",
        "AVA_KEYS": OLD,
    }
    prepared.copy(tmp_path, password=PASSWORD)

    def run(*code: str, keys: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *code],
            cwd=env.BASE_DIR,
            env={**environment, "AVA_KEYS": keys},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    prepare = """
import django; django.setup()
from django.contrib.auth.models import User
User.objects.all().delete()
from integrations.credentials.tests.test_rotate_keys import stock
stock(200)
"""
    assert run("-c", prepare, keys=OLD).communicate()[1] == ""
    # Prints once half is done, then goes on until it is killed.
    halfway = """
import django; django.setup()
from ava.sealing import rotation
rotation.rotate(batch=100, progress=lambda done: print(done.resealed, flush=True))
"""
    killed = run("-c", halfway, keys=f"{NEW},{OLD}")
    assert killed.stdout is not None
    assert killed.stdout.readline() == "100\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    out, err = run("manage.py", "rotate_keys", keys=f"{NEW},{OLD}").communicate()
    assert err == ""
    assert int(out.split()[0]) <= 100
    check = """
import django; django.setup()
from integrations.credentials.models import Credential
from tests import prepared
from tests.server import PASSWORD
print(sorted(row.secrets.open() for row in Credential.objects.all()) == sorted(
    f"planted-{n}" for n in range(200)))
"""
    assert run("-c", check, keys=NEW).communicate() == ("True\n", "")
    content = (tmp_path / "ava.sqlite3").read_bytes()
    assert b"v1.k2." in content
    assert b"planted-" not in content
