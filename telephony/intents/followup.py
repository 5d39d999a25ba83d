"""Follow-up: when the job of an intent looks after it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from ava import tenant
from ava.jobs import services as jobs
from telephony.intents.models import Communication
from telephony.intents.timeline import Source, note

# AVA asks after this where the provider does not report by itself.
SOON = timedelta(seconds=2)


def follow_up(intent: Communication, *, due_at: datetime, is_new: bool = False) -> None:
    """Schedule the job of an intent for that time, or earlier if it is due anyway."""
    key, owner = str(intent.pk), tenant.key(intent.owner_id)
    jobs.enqueue(intent.job, {"id": key}, key=key, due_at=due_at, is_new=is_new, tenant=owner)


def settle() -> timedelta:
    """After this nothing that was sent is still on its way."""
    return timedelta(seconds=settings.TELEPHONY_SETTLE_SECONDS)


def keep(row: Communication, *, now: datetime) -> bool:
    """Keep a call or message that came in. False: it is kept already."""
    row.created_at = row.updated_at = now
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            note(row, source=Source.CALLBACK, now=now)
            follow_up(row, due_at=now + settle(), is_new=True)
    except IntegrityError:
        return False
    return True
