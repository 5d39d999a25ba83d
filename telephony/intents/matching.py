"""Matching of what is found at a provider with the rows of one account that compete for it.

A provider's ID belongs to the account that received it: what a tenant's own credentials say of an
ID binds that tenant's rows alone. Several users may share one Twilio account, though, and then only
one of them sent what is found there. A user shares an account whose auth token they know, not one
whose SID they name.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from ava.jobs import RetryLater
from telephony import signers
from telephony.intents.followup import settle
from telephony.intents.record import ProviderRecord
from telephony.intents.states import UNSENT
from telephony.intents.timeline import AnyCommunication, rows_of


def closest(
    intent: AnyCommunication, record: ProviderRecord, *, now: datetime
) -> AnyCommunication | None:
    """The row that a record without a mark belongs to: of all that are looked for the one whose
    attempt is closest to its creation. None: it is no longer open.

    Raises:
        RetryLater: one of them may still get its answer, or its callback, which are proof. That is
            waited for where it began before this one had settled, and where it is the closest:
            what is sent later keeps no other waiting.
    """
    if rivals(intent, rows_of(intent).filter(**{intent.reference_field: record.reference})):
        return None
    attempts = {
        one: one.attempted_at
        for one in rivals(intent, rows_of(intent).filter(lost_alike(intent)))
        if one.attempted_at
        and one.reference_field == intent.reference_field
        and one.reference is None
        and one.wording == intent.wording
    }
    if intent not in attempts:
        return None
    seen = record.created_at

    def distance(one: AnyCommunication) -> tuple[timedelta, datetime, str]:
        apart = abs(attempts[one] - seen) if seen else timedelta(0)
        return apart, attempts[one], str(one.pk)

    found = min(attempts, key=distance)
    settled = attempts[intent] + settle()
    last = max([attempts[found], *(at for at in attempts.values() if at < settled)])
    if (wait := last + settle() - now) > timedelta(0):
        raise RetryLater(wait.total_seconds(), "it may be another one's")
    return found


def lost_alike(intent: AnyCommunication) -> Q:
    """Rows between the same numbers whose attempt got no answer: the intent, and its like."""
    return Q(
        to=intent.to,
        from_number=intent.from_number,
        account_sid=intent.account_sid,
        status__in=UNSENT,
        attempted_at__isnull=False,
    )


def rivals(intent: AnyCommunication, rows: QuerySet[AnyCommunication]) -> list[AnyCommunication]:
    """Those of `rows` that go through the same account as the intent."""
    found = list(rows)
    if all(row.holder == intent.holder for row in found):
        return found
    holders = signers.sharing(intent.holder, intent.account_sid)
    return [
        row
        for row in found
        if row.holder == intent.holder
        or (row.account_sid == intent.account_sid and row.holder in holders)
    ]
