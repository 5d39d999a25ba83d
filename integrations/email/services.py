"""Mails of a user: sent once, followed until the provider has them.

`send_mail` is for AVA's own mails as well: summaries, invitations, alarms.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from ava.http import correlation
from ava.intents import keyed
from ava.intents.states import FAILED
from ava.intents.timeline import Source, note
from integrations import runtime_config
from integrations.credentials import allowance
from integrations.credentials.providers import PROVIDERS
from integrations.email import routes
from integrations.email.addresses import key
from integrations.email.channel import CHANNEL
from integrations.email.models import Mail, MailAttachment, Recipient
from integrations.email.routes import BACKENDS
from integrations.email.states import SENT
from integrations.email.suppressions import services as suppressions
from integrations.errors import StubsDisabled

__all__ = ["BACKENDS", "ENABLE", "Attached", "pursue", "send_mail", "send_test", "sweep"]

log = structlog.get_logger("integrations.email")

ENABLE = "Configure Resend or SMTP in Settings → Email to enable delivery."
STUBBED = f"Email not sent in stub mode. {ENABLE}"


class Attached(Protocol):
    """An attachment that has been checked."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Outcome:
    backend: str
    delivered: bool
    message: str
    id: str | None = None


def send_mail(
    *,
    user: User,
    to: Sequence[str],
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    reply_to: Sequence[str] = (),
    subject: str,
    text: str = "",
    html: str = "",
    template: str = "",
    attachments: Sequence[Attached] = (),
    transactional: bool = True,
    idempotency: uuid.UUID | None = None,
) -> Mail:
    """Send a mail, exactly once. It is `unknown` where the provider gave no answer.

    Args:
        transactional: False for what people may unsubscribe from; the mail then says how.
        idempotency: of the Idempotency-Key; a mail that was begun under it is returned.

    Raises: AddressSuppressed, StubsDisabled, AllowanceSpent, CredentialsMissing,
        CredentialsUnreadable, MailRefused, MailSenderRefused, ProviderProblem: nothing is sent.
    """
    begun = Mail.objects.filter(idempotency=idempotency).first() if idempotency else None
    if begun:
        return begun
    mail = Mail(
        owner=user,
        backend=Mail.Backend.STUB,
        holder=str(user.pk),
        reply_to=[*reply_to],
        subject=subject,
        text=text,
        html=html,
        template=template,
        transactional=transactional,
        idempotency=idempotency,
        correlation_id=correlation.current(),
    )
    suppressions.refuse(user=user, addresses=[*to, *cc, *bcc])
    people = _people({Recipient.Kind.TO: to, Recipient.Kind.CC: cc, Recipient.Kind.BCC: bcc})
    found = routes.serving_user(user)
    if not found:
        _require_stubs(user)
        _store(mail, people, attachments, begin=_begin_stub)
        return mail
    found[0].lead(mail)
    with allowance.spend(
        user=user, credentials=found[0].credentials, units=len(people), now=timezone.now()
    ):
        _store(mail, people, attachments, begin=keyed.begin)
        return keyed.carry_out(mail, CHANNEL)


def send_test(*, user: User, to: str, subject: str, text: str) -> Outcome:
    """Send a test e-mail through the user's backend; the stub says that it sends nothing."""
    if not routes.serving_user(user):
        _require_stubs(user)
        # Addresses and texts are private: the log only says that nothing was sent.
        log.info("stub e-mail", subject_length=len(subject), text_length=len(text))
        return Outcome(backend="stub", delivered=False, message=STUBBED)
    mail = send_mail(user=user, to=[to], subject=subject, text=text)
    name = PROVIDERS[mail.backend].name
    taken = mail.status == SENT
    message = (
        f"{name} has taken the e-mail."
        if taken
        else f"{name} gave no answer. AVA is finding out what became of the e-mail."
    )
    return Outcome(backend=mail.backend, delivered=taken, message=message, id=str(mail.pk))


def pursue(mail_id: str) -> None:
    """Do what is to be done about a mail now. Raises RetryLater: there is more to do later."""
    if mail := Mail.objects.select_related("owner").filter(pk=mail_id).first():
        keyed.pursue(mail, CHANNEL)


def sweep() -> None:
    """Take up what a crash left undone."""
    keyed.revive(Mail, within=CHANNEL.validity + timedelta(hours=2))


def _require_stubs(user: User) -> None:
    if not runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        raise StubsDisabled("Please configure a real email provider in Settings.")


def _people(groups: dict[Recipient.Kind, Sequence[str]]) -> dict[str, Recipient]:
    """One recipient for each address, in the first group that names it."""
    people: dict[str, Recipient] = {}
    for kind, addresses in groups.items():
        for address in addresses:
            people.setdefault(key(address), Recipient(kind=kind, address=address))
    return people


def _begin_stub(mail: Mail) -> None:
    """Keep a mail that nothing is there to send. It says so, and no job looks after it."""
    mail.status, mail.error = FAILED, STUBBED
    mail.save(force_insert=True)
    note(mail, source=Source.API, detail=STUBBED, now=mail.created_at)


@transaction.atomic
def _store(
    mail: Mail,
    people: dict[str, Recipient],
    attachments: Sequence[Attached],
    *,
    begin: Callable[[Mail], None],
) -> None:
    begin(mail)
    for recipient in people.values():
        recipient.mail, recipient.status, recipient.updated_at = mail, mail.status, mail.updated_at
    Recipient.objects.bulk_create(people.values())
    MailAttachment.objects.bulk_create(
        MailAttachment(
            mail=mail,
            filename=each.filename,
            content_type=each.content_type,
            size=len(each.content),
            content=each.content,
        )
        for each in attachments
    )
