"""Mails after a restore of an old state: none is sent a second time."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from ava.backup.tests.conftest import command
from conftest import PASSWORD, client_of
from integrations.email.tests.mailing import MAIL, fault, run_jobs, store_resend, ways
from sandbox.server import Sandbox
from tests.own_database import own_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]
MESSAGES = "/api/v1/integrations/email/messages"


def test_a_mail_that_went_out_after_the_backup_is_left_unknown(
    sandbox: Sandbox, tmp_path: Path, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    with own_database(tmp_path):
        store_resend(User.objects.create_user("ada", "ada@example.com", PASSWORD))
        fault(sandbox, "resend", "reset", when="before", match="POST /emails")
        api = client_of(User.objects.get())
        asked = api.post(MESSAGES, MAIL).json()
        assert asked["status"] == "unknown"
        command("backup", tmp_path / "backup")
        sandbox.faults.clear()
        run_jobs(seconds=5)
        assert ways(sandbox) == ["resend"]
        # After the day in which Resend would know the key.
        assert "mails left unknown: 1" in command("restore", tmp_path / "backup", "--replace")
        for hours in (0, 1, 23, 25):
            run_jobs(seconds=hours * 3600)
        assert ways(sandbox) == ["resend"]
        found = client_of(User.objects.get()).get(f"{MESSAGES}/{asked['id']}").json()
        assert found["status"] == "unknown"
        assert "The e-mail may have gone out since, or not." in found["error"]
