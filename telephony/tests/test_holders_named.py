"""Rows of the previous release, which knew no holders: whose account they went through."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava.jobs import services as background
from sandbox.server import Sandbox
from telephony.calls.models import Call
from telephony.conftest import CALLS, GOOD, MESSAGES, OURS, THEIRS, posts, run_jobs, store
from telephony.messages.models import Message

pytestmark = pytest.mark.database

name_holders = import_module("telephony.migrations.0009_ids_by_holder").name_holders


@pytest.fixture(autouse=True)
def _operators(settings: Any) -> None:
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": GOOD["account_sid"],
        "TWILIO_AUTH_TOKEN": GOOD["auth_token"],
    }


@pytest.mark.parametrize(("direction", "holder"), [("inbound", "own"), ("outbound", "operator")])
def test_what_came_in_for_a_user_came_by_an_account_of_their_own(
    user: User, direction: str, holder: str
) -> None:
    """Any user could name the operator's account, and claim its IDs with webhooks of their own: the
    operator's keys do not serve those once the user's are gone."""
    call = Call.objects.create(
        owner=user, direction=direction, account_sid=GOOD["account_sid"], provider_sid="CA1",
        to=OURS, from_number=THEIRS, kind="incoming", status="ringing",
    )  # fmt: skip
    name_holders(apps, None)
    call.refresh_from_db()
    assert call.holder == {"own": str(user.pk)}.get(holder, holder)


@pytest.mark.parametrize("served", ["by the operator", "by keys of their own"])
def test_what_the_previous_release_began_after_the_migration_goes_out(
    api: APIClient, user: User, sandbox: Sandbox, settings: Any, served: str
) -> None:
    """It knows no holder, and the database gives none."""
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    if served != "by the operator":
        store(user)
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    text = {"to": THEIRS, "from": OURS, "body": "Hi"}
    many = {"recipients": [THEIRS], "from": OURS, "body": "News"}
    for path, body in (
        (MESSAGES, {**text, "send_at": later}),
        (CALLS, {"to": THEIRS, "from": OURS, "say": "Hi", "send_at": later}),
        (f"{MESSAGES}/bulk", many),
    ):
        assert api.post(path, body).status_code == 201
    Message.objects.update(holder="")
    Call.objects.update(holder="")
    for seconds in (3601, 3630):
        run_jobs(seconds=seconds)
    assert len(posts(sandbox)) == 3


def test_the_sweep_fills_in_the_holder_of_rows_that_have_ended(user: User) -> None:
    Call.objects.create(
        owner=user, direction="inbound", account_sid=GOOD["account_sid"], provider_sid="CA1",
        to=OURS, from_number=THEIRS, kind="incoming", status="completed",
    )  # fmt: skip
    background.ensure_periodic()
    run_jobs()
    assert Call.objects.get().holder == str(user.pk)
