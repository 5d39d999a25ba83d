"""Check of Twilio credentials, and sweeps over calls, messages and batches."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ava import tenant
from ava.http.problems import Conflict
from ava.intents.states import SCHEDULED, UNSENT
from ava.jobs import services as jobs
from integrations.credentials.store import Credentials
from telephony import accounts
from telephony.calls.models import Call
from telephony.calls.services import request_hang_up
from telephony.messages import bulk, bulk_job
from telephony.messages import services as messages
from telephony.messages.models import Batch, Message
from telephony.queries import unfinished
from telephony.twilio.errors import TwilioAccountInactive


def verify(credentials: Credentials) -> str:
    """Ask Twilio whether it takes token and API key: a sentence for people. A standard key may not
    read the account, so it is tried on the numbers. Raises: TwilioAccountInactive, ProviderProblem.
    """
    name, status = accounts.client(credentials, by_key=False).account()
    if status in ("suspended", "closed"):
        raise TwilioAccountInactive
    if credentials.fields.get("api_key_sid"):
        accounts.client(credentials).numbers(most=1, page_size=1)
    return f"Twilio accepted the credentials{f' (account {name})' if name else ''}."


def reconcile(*, only_lost: bool = False) -> int:
    """Schedule the job of every call and message that has not ended, or `only_lost`: whose job was
    given up or lost, as always with batches. Their number."""
    count = 0
    # Messages that a batch has not sent yet are left to its own job.
    texts = unfinished(Message).exclude(batch__isnull=False, status=SCHEDULED)
    for job, rows in ((Call.job, unfinished(Call)), (Message.job, texts)):
        waiting = jobs.waiting(job) if only_lost else ()
        # Whole, not by an iterator: SQLite lets no reader become a writer once another has written.
        for key, owner in rows.values_list("pk", "owner_id"):
            if str(key) not in waiting:
                jobs.enqueue(job, {"id": str(key)}, key=str(key), tenant=tenant.key(owner))
                count += 1
    bulk_job.revive()
    return count


def sweep() -> None:
    """Take up what a crash, or the previous release, left undone."""
    for model in (Call, Message):
        for row in model.objects.filter(holder=""):
            accounts.name_holder(row)
    reconcile(only_lost=True)
    bulk.sweep()


def stop_everything(user: User) -> int:
    """End the user's calls, and send nothing more of theirs. How many calls, messages and batches
    that are. No provider is asked here: what is under way is ended by its job."""
    ends: list[tuple[QuerySet[Any], Callable[[Any], object]]] = [
        (Batch.objects.filter(state__in=bulk.GOING_ON), bulk.cancel),
        (unfinished(Message).filter(status__in=UNSENT, provider_sid=None), messages.cancel),
        (unfinished(Call), request_hang_up),
    ]
    count = 0
    for rows, end in ends:
        for row in rows.filter(owner=user):
            with suppress(Conflict):  # it has ended this very moment
                end(row)
                count += 1
    return count
