"""`manage.py doctor` as an operator runs it."""

import io
import json
import secrets
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sandbox.server import Sandbox


def doctor(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what it says, and what it ends with."""
    out = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=out)
    except CommandError as fault:
        return fault.returncode, out.getvalue(), str(fault)
    return 0, out.getvalue(), ""


@pytest.fixture
def healthy(sandbox: Sandbox, settings: Any, tmp_path: Any) -> None:
    settings.SECRET_KEY, settings.AVA_JWT_KEY = (secrets.token_urlsafe(64) for _ in "12")
    settings.DATA_DIR = tmp_path


def test_a_healthy_installation_ends_with_0(db: None, healthy: None) -> None:
    code, said, _ = doctor()
    lines = said.splitlines()
    assert code == 0, said
    assert {line[:17].strip() for line in lines} <= {"good", "cannot tell"}
    assert "good             migrations: All are applied." in lines


def test_one_item_that_needs_attention_ends_with_1(db: None, healthy: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    code, said, ended = doctor()
    assert (code, ended) == (1, "1 item needs attention.")
    assert "needs attention  Redis: It does not answer" in said


def test_programs_get_a_list_of_items(db: None, healthy: None) -> None:
    code, said, _ = doctor("--json")
    found = json.loads(said)
    assert code == 0
    assert {frozenset(one) for one in found} == {frozenset(("item", "verdict", "sentence"))}
    assert {one["item"] for one in found} >= {"database", "clock", "encryption keys", "Vapi"}


def test_a_database_that_is_down_is_one_item_and_the_others_are_looked_at(
    db: None, healthy: None
) -> None:
    from django.db import OperationalError

    def down(*_: Any) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    with connection.execute_wrapper(down):
        code, said, _ = doctor()
    assert code == 1
    assert "needs attention  database: It does not work: connection refused." in said
    assert "cannot tell      background jobs" in said
    assert "good             Vapi:" in said


@pytest.mark.parametrize(
    "refusal",
    [
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved for superusers",
    ],
)
def test_a_database_that_is_full_is_not_to_be_started(
    db: None, healthy: None, refusal: str
) -> None:
    from django.db import OperationalError

    def full(*_: Any) -> None:
        raise OperationalError(refusal)

    with connection.execute_wrapper(full):
        _, said, _ = doctor()
    [line] = [line for line in said.splitlines() if "  database: " in line]
    assert "Raise max_connections" in line
    assert "Start it" not in line
