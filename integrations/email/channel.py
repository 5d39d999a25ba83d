"""Channel of mails: Resend under an idempotency key, SMTP once, and from one to the other.

A mail goes by SMTP instead only where Resend certainly did not take it: no connection, a refused
key or sender, too many requests, or its own 500 or 503 and no such mail in its list. Nothing can be
asked of a mail server, so a mail whose text it may have is never sent again.
"""

from datetime import timedelta
from functools import partial

from django.utils import timezone

from ava.http.problems import Problem
from ava.intents import keyed
from ava.intents.keyed import Overtaken, Receipt
from ava.intents.states import FAILED, UNSENT
from ava.upstream import ProviderProblem
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from integrations.email import resend, routes, smtp
from integrations.email.addresses import key
from integrations.email.errors import (
    MailAccountGone,
    MailOwnerInactive,
    MailRefused,
    MailSenderRefused,
)
from integrations.email.messages import message_of
from integrations.email.models import Mail, Recipient
from integrations.email.states import SENT
from integrations.email.suppressions import services as suppressions

# Resend's clock and AVA's may differ by this.
CLOCKS_DIFFER = timedelta(minutes=2)
_NO_ROUTE = (MailAccountGone, CredentialsMissing, CredentialsUnreadable)
_ELSEWHERE = (ProviderProblem, MailSenderRefused, *_NO_ROUTE)
"""Problems in which another route may do better."""


class MailChannel:
    # Resend keeps a key for 24 hours.
    validity = timedelta(hours=23)

    def send(self, row: Mail) -> Receipt:
        """See `ava.intents.keyed.Channel`."""
        if not row.owner.is_active:
            raise MailOwnerInactive
        if row.attempt > 1:  # it may have been entered meanwhile
            addresses = row.recipients.values_list("address", flat=True)
            suppressions.refuse(user=row.owner, addresses=addresses)
        credentials = routes.of(row).credentials
        message = message_of(row)
        if row.backend == Mail.Backend.RESEND:
            reference = resend.send(message, credentials=credentials, key=str(row.pk))
            return Receipt(SENT, {"reference": reference}, "Resend has taken it.")
        try:
            refused = smtp.send(
                message, credentials=credentials, before_text=partial(_hand_over, row)
            )
        except Problem as problem:
            if not keyed.is_lost(problem):
                _hand_over_nothing(row)
            raise
        sentences = {key(address): sentence for address, sentence in refused.items()}
        for one in row.recipients.all() if sentences else ():
            if sentence := sentences.get(key(one.address)):
                one.status, one.detail, one.updated_at = FAILED, sentence, timezone.now()
                one.save()
        return Receipt(SENT, detail="The mail server has taken it.")

    def may_repeat(self, row: Mail) -> bool:
        """Resend takes the key; a mail server only where it did not come to the text."""
        return row.backend == Mail.Backend.RESEND or row.handed_over_at is None

    def proves_absence(self, row: Mail, problem: Problem) -> bool:
        """Whether nothing was sent."""
        if row.backend == Mail.Backend.SMTP:
            return row.handed_over_at is None
        if isinstance(problem, MailRefused):
            return True  # the same request was refused, and so was the first
        if not (isinstance(problem, ProviderProblem) and problem.answered):
            return False
        return resend.has_none_like(
            credentials=routes.of(row).credentials,
            subject=row.subject,
            to=row.recipients.filter(kind=Recipient.Kind.TO).values_list("address", flat=True),
            since=row.created_at - CLOCKS_DIFFER,
        )

    def divert(self, row: Mail, problem: Problem) -> bool:
        """Send by SMTP what Resend did not take."""
        route = routes.after(row) if isinstance(problem, _ELSEWHERE) else None
        if route is None:
            return False
        route.lead(row)
        return True


def _hand_over(row: Mail) -> None:
    """Note that the mail server is about to get the text. Raises: Overtaken, where another
    process has the attempt by now."""
    row.handed_over_at = timezone.now()
    mine = Mail.objects.filter(
        pk=row.pk, attempt=row.attempt, status__in=UNSENT, handed_over_at=None
    )
    if not mine.update(handed_over_at=row.handed_over_at):
        raise Overtaken


def _hand_over_nothing(row: Mail) -> None:
    if row.handed_over_at is not None:
        row.handed_over_at = None
        Mail.objects.filter(pk=row.pk, attempt=row.attempt).update(handed_over_at=None)


CHANNEL = MailChannel()
