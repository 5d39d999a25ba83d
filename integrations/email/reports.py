"""Delivery reports: whether AVA hears what becomes of a mail, and why not, in words."""

from collections.abc import Sequence
from typing import Final

from integrations.credentials import webhook_accounts
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS
from integrations.email.models import OPERATOR, Mail
from integrations.email.states import SENT

_RESEND: Final = Mail.Backend.RESEND
_BY_SMTP: Final = (
    "Whether it arrives is not reported to AVA: mail servers return what bounces to the sender's "
    "mailbox."
)
_BY_OPERATOR: Final = (
    "Whether it arrives is not reported to AVA: it went by your operator's account. Store a Resend "
    "key of your own to hear of it."
)


def with_notes(rows: Sequence[Mail]) -> list[Mail]:
    """The same mails, each with its `delivery_note`: at most one query, however many they are."""
    waiting = [row for row in rows if row.status == SENT]
    own = {row.owner_id for row in waiting if row.backend == _RESEND and row.holder != OPERATOR}
    accounts = Credential.objects.filter(provider=_RESEND, user_id__in=own).select_related("user")
    heard = {one.user_id for one in accounts if webhook_accounts.fields_of(one)} if own else set()
    for row in waiting:
        if row.backend != _RESEND:
            row.delivery_note = _BY_SMTP
        elif row.holder == OPERATOR:
            row.delivery_note = _BY_OPERATOR
        elif row.owner_id not in heard:
            row.delivery_note = PROVIDERS[_RESEND].unheard
    return [*rows]
