"""Rows of the previous release, which knew no holders: whose account they went through."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from telephony.calls.models import Call
from telephony.conftest import GOOD, OURS, THEIRS

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
    """Anybody could name the operator's account, and claim its IDs with webhooks of their own: the
    operator's keys do not serve those once the user's are gone."""
    call = Call.objects.create(
        owner=user, direction=direction, account_sid=GOOD["account_sid"], provider_sid="CA1",
        to=OURS, from_number=THEIRS, kind="incoming", status="ringing",
    )  # fmt: skip
    name_holders(apps, None)
    call.refresh_from_db()
    assert call.holder == {"own": str(user.pk)}.get(holder, holder)
