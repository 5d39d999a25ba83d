"""Numbers, the check of credentials, and sweeps over calls, messages and batches."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from ava import tenant
from ava.jobs import services as jobs
from integrations.credentials.store import Credentials
from telephony import accounts
from telephony.calls.models import Call
from telephony.calls.services import request_hang_up
from telephony.errors import BatchEnded, CallEnded, MessageGone
from telephony.intents.settling import FORGOTTEN
from telephony.intents.states import SCHEDULED, UNSENT
from telephony.messages import bulk, bulk_job
from telephony.messages import services as messages
from telephony.messages.models import Batch, Message
from telephony.twilio.errors import TwilioAccountInactive
from telephony.twilio.resources import Account, Number


def numbers(*, user: User) -> list[Number]:
    """The phone numbers of the user's Twilio account.

    Raises:
        CredentialsMissing, CredentialsUnreadable: there is nothing to ask Twilio with.
        ProviderProblem: Twilio refused, or did not answer.
    """
    return accounts.client(accounts.serving(user)[0]).numbers()


def verify(credentials: Credentials) -> str:
    """Ask Twilio whether it takes the credentials, token and API key both.

    The auth token is needed beside an API key: webhooks are signed with it. A standard API key
    may not read the account, so it is tried on the numbers.

    Returns:
        a sentence for people.

    Raises:
        TwilioAccountInactive: the account is suspended or closed.
        ProviderProblem: Twilio refused, or did not answer.
    """
    account = accounts.client(credentials, by_key=False).account()
    _refuse_inactive(account)
    if credentials.fields.get("api_key_sid"):
        accounts.client(credentials).numbers(most=1, page_size=1)
    name = f" (account {account.friendly_name})" if account.friendly_name else ""
    return f"Twilio accepted the credentials{name}."


def reconcile(*, only_lost: bool = False) -> int:
    """Have every call and message that has not ended looked after now.

    Args:
        only_lost: those whose job was given up or lost. Batches: always these.

    Returns:
        how many calls and messages those are.
    """
    count = 0
    for job, rows in _open():
        waiting = jobs.waiting(job) if only_lost else ()
        for key, owner in rows.iterator():
            if str(key) not in waiting:
                jobs.enqueue(job, {"id": str(key)}, key=str(key), tenant=tenant.key(owner))
                count += 1
    bulk_job.revive()
    return count


def stop_everything(user: User) -> int:
    """End the user's calls, and send nothing more of theirs. No provider is asked here: what is
    under way is ended by its job.

    Returns:
        how many calls, messages and batches that are.
    """
    now, count = timezone.now(), 0
    for batch in Batch.objects.filter(owner=user, state__in=bulk.GOING_ON):
        with suppress(BatchEnded):
            bulk.cancel(batch)
            count += 1
    unsent = Message.objects.filter(owner=user, status__in=UNSENT, provider_sid=None)
    for message in unsent.iterator():
        with suppress(MessageGone):
            messages.cancel(message)
            count += 1
    for call in Call.objects.filter(owner=user).exclude(status__in=Call.machine.final).iterator():
        with suppress(CallEnded):
            request_hang_up(call, now=now)
            count += 1
    return count


def _open() -> Iterator[tuple[str, QuerySet[Any, tuple[uuid.UUID, int | None]]]]:
    """Calls and messages that have not ended: the kind of their job, their keys and owners."""
    long_ago = timezone.now() - FORGOTTEN
    yield (
        Call.job,
        Call.objects.exclude(status__in=Call.machine.final).values_list("pk", "owner_id"),
    )
    yield (
        Message.job,
        Message.objects.exclude(status__in=Message.machine.final)
        .exclude(status__in=Message.machine.resting, updated_at__lt=long_ago)
        # What a batch has not come to yet is its own affair.
        .exclude(batch__isnull=False, status=SCHEDULED)
        .values_list("pk", "owner_id"),
    )


def _refuse_inactive(account: Account) -> None:
    if account.status in ("suspended", "closed"):
        raise TwilioAccountInactive
