"""Copies of Vapi's settings after a restore of an old state."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ava.backup.holding import Restored, hold_all
from vapi_settings.account import account_of
from vapi_settings.conftest import store_key


@pytest.mark.usefixtures("sandbox")
def test_a_restored_account_does_not_find_copies_of_its_old_generation(user: User) -> None:
    store_key(user)
    before = account_of(user)
    now = timezone.now()
    assert hold_all(Restored(now, now))["accounts whose copies were left behind"] == 1
    after = account_of(user)
    assert after.generation != before.generation
    assert after.epoch != before.epoch
