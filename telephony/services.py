"""What telephony does as a whole: the user's numbers, the check of their credentials, a sweep."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from ava.jobs import services as jobs
from integrations.credentials.store import Credentials
from telephony import accounts
from telephony.calls.models import Call
from telephony.calls.services import hang_up, place_call
from telephony.errors import TwilioAccountInactive
from telephony.intents.settling import FORGOTTEN
from telephony.intents.states import SCHEDULED
from telephony.messages import bulk_job
from telephony.messages.models import Message
from telephony.messages.services import send_message
from telephony.twilio.resources import Account, Number

__all__ = ["hang_up", "numbers", "place_call", "reconcile", "revive", "send_message", "verify"]


def numbers(*, user: User) -> list[Number]:
    """The phone numbers of the user's Twilio account.

    Raises:
        CredentialsMissing, CredentialsUnreadable: there is nothing to ask Twilio with.
        ProviderProblem: Twilio refused, or did not answer.
    """
    return accounts.client_of(user).numbers()


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
    account = accounts.client_with_token(credentials).account()
    _refuse_inactive(account)
    if credentials.fields.get("api_key_sid"):
        accounts.client(credentials).numbers(most=1, page_size=1)
    name = f" (account {account.friendly_name})" if account.friendly_name else ""
    return f"Twilio accepted the credentials{name}."


def reconcile() -> int:
    """Have every call and message that has not ended looked after now, for the impatient.

    Returns:
        how many there are.
    """
    count = 0
    for job, rows in _open():
        for key in rows.iterator():
            _look_after(job, str(key))
            count += 1
    bulk_job.revive()
    return count


def revive() -> int:
    """Give each call, message and batch whose job was given up or lost a new one.

    Returns:
        how many those were.
    """
    count = 0
    for job, rows in _open():
        waiting = jobs.waiting(job)
        for key in map(str, rows.iterator()):
            if key not in waiting:
                _look_after(job, key)
                count += 1
    return count + bulk_job.revive()


def _open() -> Iterator[tuple[str, QuerySet[Any, uuid.UUID]]]:
    """What has not ended: the kind of its job, and the keys."""
    long_ago = timezone.now() - FORGOTTEN
    yield (
        Call.job,
        Call.objects.exclude(status__in=Call.machine.final).values_list("pk", flat=True),
    )
    yield (
        Message.job,
        Message.objects.exclude(status__in=Message.machine.final)
        .exclude(status__in=Message.machine.resting, updated_at__lt=long_ago)
        # What a batch has not come to yet is its own affair.
        .exclude(batch__isnull=False, status=SCHEDULED)
        .values_list("pk", flat=True),
    )


def _look_after(job: str, key: str) -> None:
    jobs.enqueue(job, {"id": key}, key=key)


def _refuse_inactive(account: Account) -> None:
    if account.status in ("suspended", "closed"):
        raise TwilioAccountInactive
