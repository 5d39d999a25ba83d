import base64
import io
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from ava.conf.env import BASE_DIR
from tests import postgres, prepared
from tests.server import PASSWORD

pytestmark = pytest.mark.slow

PRODUCTION = {
    "AVA_ENV": "production",
    "AVA_PUBLIC_URL": "https://ava.example.com",
    "AVA_TRUSTED_PROXIES": "1",
    "SECRET_KEY": "Zk3" + "q9-X_w7Lr" * 8,
    "AVA_JWT_KEY": "Yk4" + "p8-V_u6Kt" * 8,
    "AVA_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
}


@dataclass(frozen=True)
class Checked:
    """Result of a check, as an operator sees it."""

    returncode: int
    stdout: str
    stderr: str


def check(tmp_path: Path, *more: str, **changes: str) -> Checked:
    """`manage.py check --deploy`, or with other arguments, under settings read anew."""
    environment = {
        "AVA_ENV_FILE": os.devnull,
        "AVA_DATA_DIR": str(tmp_path),
        **PRODUCTION,
        **changes,
    }
    out, err = io.StringIO(), io.StringIO()
    # The tests' own database is none of the files that are checked here.
    database = Path(settings.DATABASES["default"]["NAME"])
    for file in database.parent.glob(f"{database.name}*"):
        file.chmod(0o600)
    with patch.dict(os.environ, environment, clear=True):
        read = runpy.run_path(str(BASE_DIR / "ava" / "settings.py"))
        changed = {
            name: value
            for name, value in read.items()
            # This process is connected to its database.
            if name.isupper() and name != "DATABASES" and value != getattr(settings, name, None)
        }
        with override_settings(**changed), redirect_stdout(out), redirect_stderr(err):
            try:
                call_command("check", *(more or ["--deploy"]), fail_level="WARNING")
            except CommandError as refused:
                return Checked(refused.returncode, out.getvalue(), err.getvalue() + str(refused))
    return Checked(0, out.getvalue(), err.getvalue())


def environment(tmp_path: Path, **changes: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AVA_ENV_FILE": os.devnull,
        "AVA_DATA_DIR": str(tmp_path),
        **PRODUCTION,
        **changes,
    }


def run(tmp_path: Path, *more: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING", *(more or ["--deploy"])],
        cwd=BASE_DIR,
        env=environment(tmp_path, **changes),
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_pass_every_deployment_check(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    result = check(tmp_path)
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_before_the_first_start_the_key_file_is_made_and_the_checks_pass(tmp_path: Path) -> None:
    none = {"SECRET_KEY": "", "AVA_JWT_KEY": "", "AVA_KEYS": ""}
    refused = run(tmp_path, **none)
    assert refused.returncode == 2
    assert "python -m ava.conf.keyfile" in refused.stderr
    made = subprocess.run(
        [sys.executable, "-m", "ava.conf.keyfile"],
        cwd=BASE_DIR,
        env={"AVA_ENV_FILE": os.devnull, "AVA_DATA_DIR": str(tmp_path), **PRODUCTION, **none},
        check=False,
    )
    assert made.returncode == 0
    assert check(tmp_path, **none).returncode == 0


@pytest.mark.parametrize(
    ("changes", "check_id"),
    [
        ({"INTEGRATIONS_STUB_MODE": "1"}, "ava.E001"),
        ({"SECRET_KEY": "short"}, "ava.E002"),
        ({"AVA_JWT_KEY": "short"}, "ava.E003"),
        ({"AVA_JWT_KEY": PRODUCTION["SECRET_KEY"]}, "ava.E004"),
        ({"SECRET_KEY_PREVIOUS": "short"}, "ava.E002"),
        ({"AVA_JWT_KEY_PREVIOUS": "short"}, "ava.E003"),
        ({"AVA_JWT_KEY_PREVIOUS": PRODUCTION["SECRET_KEY"]}, "ava.E004"),
        ({"DJANGO_DEBUG": "1"}, "ava.E005"),
        ({"WEB_CONCURRENCY": "2"}, "ava.E006"),
        ({"ALLOWED_HOSTS": "*"}, "ava.E010"),
        ({"AVA_PUBLIC_URL": "http://ava.example.com"}, "ava.E011"),
        ({"AVA_SANDBOX": "1"}, "ava.E015"),
        ({"AVA_TRUSTED_PROXIES": "0"}, "ava.E016"),
        ({"AVA_TRUSTED_PROXY": "1"}, "ava.W001"),
    ],
)
def test_an_unsafe_setting_is_reported_with_an_id_and_a_remedy(
    tmp_path: Path, changes: dict[str, str], check_id: str
) -> None:
    result = check(tmp_path, **changes)
    assert result.returncode == 1
    assert check_id in result.stderr
    assert "HINT" in result.stderr


def test_a_key_file_that_others_can_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    (tmp_path / "keys.json").chmod(0o644)
    result = check(tmp_path)
    assert "ava.E009" in result.stderr
    assert "chmod 600" in result.stderr


def test_files_of_production_that_others_can_get_at_are_reported_with_the_remedy(
    tmp_path: Path,
) -> None:
    open_to_others = {"ava.sqlite3": 0o604, "copy.sqlite3": 0o640, "server.log": 0o602}
    for name, mode in open_to_others.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    refused = check(tmp_path)
    assert refused.returncode == 1
    names = [str(tmp_path / name) for name in open_to_others]
    assert f"chmod go= {' '.join(names)}" in refused.stderr
    assert "ava.E018" not in check(tmp_path, AVA_ENV="development").stderr
    subprocess.run(["chmod", "go=", *names], check=True)
    assert "ava.E018" not in check(tmp_path).stderr


def test_a_first_command_makes_nothing_that_others_can_get_at(tmp_path: Path) -> None:
    command = f"umask 022; exec {sys.executable} manage.py migrate --no-input"
    environment = {**PRODUCTION, "AVA_DATA_DIR": str(tmp_path), "AVA_ENV_FILE": os.devnull}
    subprocess.run(["sh", "-c", command], cwd=BASE_DIR, env=environment, check=True)
    assert [file.name for file in tmp_path.iterdir() if file.stat().st_mode & 0o077] == []


def test_a_data_directory_that_others_can_enter_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    assert f"chmod go= {tmp_path}" in check(tmp_path).stderr


def test_a_database_elsewhere_and_an_env_file_that_others_can_read_are_reported(
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("ava.db", "production.env"):
        (elsewhere / name).touch()
        (elsewhere / name).chmod(0o644)
    refused = run(
        tmp_path,
        DATABASE_URL=f"sqlite:///{elsewhere}/ava.db",
        AVA_ENV_FILE=str(elsewhere / "production.env"),
    )
    assert f"chmod go= {elsewhere}/ava.db {elsewhere}/production.env" in refused.stderr


@pytest.mark.sqlite
def test_an_operator_with_the_password_of_the_demo_is_reported(tmp_path: Path) -> None:
    data = tmp_path / "var"
    demo = {"AVA_ENV": "development", "AVA_SANDBOX": "1", "AVA_PUBLIC_URL": ""}
    prepared.copy(data, password=PASSWORD)
    rename = (
        "from django.contrib.auth.models import User;"
        "User.objects.filter(username='admin@example.com').update(username='boss');"
        "User.objects.filter(username='demo@example.com').delete()"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", rename],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], **PRODUCTION, **demo, "AVA_DATA_DIR": str(data)},
        check=True,
    )
    (data / "demo-password").touch(mode=0o600)
    (data / "demo-password").write_text(PASSWORD)
    refused = run(data, "--database", "default")
    assert "(ava.E017) Demo users can log in in production: boss." in refused.stderr
    (data / "demo-password").write_text("another one")
    assert "ava.E017" not in run(data, "--database", "default").stderr


def test_missing_keys_end_in_a_sentence_and_not_in_a_traceback(tmp_path: Path) -> None:
    result = run(tmp_path, SECRET_KEY="")
    assert result.returncode == 2
    assert "script/server" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_variable_ends_in_a_sentence_and_not_in_a_traceback(tmp_path: Path) -> None:
    result = run(tmp_path, AVA_PORT="eighty")
    assert result.returncode == 2
    assert result.stderr == "AVA_PORT must be a whole number from 1 to 65535, not 'eighty'.\n"


def test_more_threads_than_postgresql_takes_are_reported(tmp_path: Path) -> None:
    with postgres.running() as url:
        few = run(tmp_path, "--database", "default", DATABASE_URL=url)
        assert "ava.W003" not in few.stderr
        several = {"WEB_CONCURRENCY": "2", "REDIS_URL": "redis://127.0.0.1:1/0"}
        many = run(tmp_path, "--database", "default", DATABASE_URL=url, **several)
    assert "(ava.W003) AVA may open 116 connections, and PostgreSQL allows" in many.stderr


def test_a_migration_limits_statements_and_those_without_a_limit_are_reported(
    tmp_path: Path,
) -> None:
    with postgres.running() as url:
        # The first of all: it ends as each does.
        migrate = [sys.executable, "manage.py", "migrate", "contenttypes"]
        its = environment(tmp_path, DATABASE_URL=url)
        migrated = subprocess.run(migrate, cwd=BASE_DIR, env=its, capture_output=True, check=True)
        limited = run(tmp_path, "--database", "default", DATABASE_URL=url)
        with psycopg.connect(url) as connection:
            connection.execute("ALTER ROLE CURRENT_USER IN DATABASE postgres RESET ALL")
        endless = run(tmp_path, "--database", "default", DATABASE_URL=url)
    assert b"ava.W004" not in migrated.stdout + migrated.stderr
    assert "ava.W004" not in limited.stderr
    assert "ava.W004" in endless.stderr
