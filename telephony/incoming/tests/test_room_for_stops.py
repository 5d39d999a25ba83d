"""An account's day of webhooks: reports of its own messages leave room for what comes in."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from ava.inbound.models import Volume
from telephony.conftest import callback, run_jobs
from telephony.incoming.tests.test_tenants import SMS
from telephony.optouts.models import OptOut

pytestmark = pytest.mark.database


def test_reports_of_many_messages_leave_room_for_a_stop(
    ava: str, owner: User, settings: Any
) -> None:
    """Some 30,000 messages in a day report as much as AVA keeps of an account."""
    settings.WEBHOOK_MIB_PER_DAY = 1
    report = {"MessageSid": "SM0", "MessageStatus": "sent"}
    assert callback(ava, "message-status", "", report).ok
    Volume.objects.update(size=3 * 1024 * 1024 // 4)
    answer = callback(ava, "message-status", "", {**report, "MessageStatus": "delivered"})
    assert (answer.status_code, answer.json()["code"]) == (429, "webhooks_spent")
    assert callback(ava, "message", "", {**SMS, "Body": "STOP"}).ok
    run_jobs()
    assert OptOut.objects.filter(holder=str(owner.pk), stopped=True).exists()
