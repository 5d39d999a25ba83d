"""Rows that compete for what is found at a provider: those of one account.

A provider's ID belongs to the account that received it. What a tenant's own credentials, or
webhooks signed with them, say of an ID binds that tenant's rows alone. Several users may share one
Twilio account, though, and then only one of them sent what is found there. Whoever knows the
account's auth token shares it; whoever only names its SID does not.
"""

from django.db.models import Q, QuerySet

from telephony import parties
from telephony.intents.states import UNSENT
from telephony.intents.timeline import AnyIntent


def lost_alike(intent: AnyIntent) -> Q:
    """Rows between the same numbers whose attempt got no answer: the intent, and its like."""
    return Q(
        to=intent.to,
        from_number=intent.from_number,
        account_sid=intent.account_sid,
        status__in=UNSENT,
        attempted_at__isnull=False,
    )


def rivals(intent: AnyIntent, rows: QuerySet[AnyIntent]) -> list[AnyIntent]:
    """Those of `rows` that go through the same account as the intent."""
    found = list(rows)
    if all(row.holder == intent.holder for row in found):
        return found
    holders = parties.sharing(intent.holder, intent.account_sid)
    return [
        row
        for row in found
        if row.holder == intent.holder
        or (row.account_sid == intent.account_sid and row.holder in holders)
    ]
