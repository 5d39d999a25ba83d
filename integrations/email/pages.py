"""Pages of mails: the list, one mail as it goes on, what it said, sending it again."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from ava.console.lists import listed, may_change
from ava.console.templatetags.console import ago, badge
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.idempotency import services as idempotency
from ava.idempotency.services import Reply
from ava.intents import stories
from ava.intents.states import UNSENT
from integrations.credentials.providers import PROVIDERS
from integrations.email import queries, resending
from integrations.email.addresses import key
from integrations.email.content.pages import LABELS
from integrations.email.frames import framed
from integrations.email.models import OPERATOR, Mail
from integrations.email.serializers import MailFiltersSerializer
from integrations.email.states import MAIL
from integrations.email.suppressions import services as suppressions
from integrations.email.troubles import Trouble, remedy, trouble

_KINDS: Final = {"to": "", "cc": "in copy", "bcc": "in blind copy"}


@page()
def mails(request: HttpRequest) -> HttpResponse:
    """The list, and news of it."""
    found = listed(
        request,
        title="Mail",
        noun="mail",
        room="mail",
        api="email-messages",
        known=MailFiltersSerializer,
        find=lambda filters: queries.mails(user=user_of(request), filters=filters),
        words=list(MAIL.ranks),
        dress=queries.with_recipients,
    )
    return found.as_rows(lambda mail: _row(mail, found.address)).answer(request, "mail")


@dataclass(frozen=True)
class Row:
    """A mail in the list."""

    key: str
    href: str
    when: str
    to: str
    others: int  # beside the first recipient
    subject: str
    status: str
    state: str
    error: str
    is_changing: bool


def _row(mail: Mail, address: str) -> Row:
    to = [one.address for one in mail.shown_recipients]
    return Row(
        key=SafeString(mail.pk),
        href=f"{address}/{mail.pk}",
        when=ago(mail.created_at),
        to=to[0] if to else "nobody",
        others=len(to[1:]),
        subject=mail.subject,
        status=mail.status,
        state=badge(mail.status, plain=True),
        error=mail.error,
        is_changing=may_change(mail),
    )


class Story(stories.Story):
    row: Mail

    @staticmethod
    def facts(row: Mail) -> Sequence[Any]:
        return [(one.status, one.detail) for one in row.shown_recipients]

    @staticmethod
    def is_open(row: Mail) -> bool:
        return any(one.status not in MAIL.final for one in row.shown_recipients)


@dataclass(frozen=True)
class Copy:
    """One recipient's copy."""

    address: str
    kind: str
    status: str
    detail: str
    remedy: str
    is_listed: bool  # among the suppressions


@dataclass(frozen=True)
class MailPage:
    title: str
    mail: Mail
    story: Story
    trouble: Trouble | None
    copies: Sequence[Copy]
    attachments: Sequence[Any]
    sender: str
    again: Sequence[str]  # who would get it

    @property
    def first(self) -> str:
        """The address of its first recipient."""
        return self.copies[0].address if self.copies else ""

    @property
    def template(self) -> str:
        return LABELS.get(self.mail.template, "")


@page()
def mail(request: HttpRequest, mail_id: uuid.UUID) -> HttpResponse:
    """One mail. Where nothing has changed since `seen`, nothing is answered."""
    [row] = queries.shown([queries.mail(user=user_of(request), mail_id=mail_id)])
    story = Story.of(row, room="mail")
    if is_fragment(request) and request.GET.get("seen") == story.mark:
        return HttpResponse(status=204)
    suppressed, attachments = _suppressed(row), row.shown_attachments
    again = resending.groups(row, has_attachments=bool(attachments), listed=suppressed)
    found = MailPage(
        title="Mail",
        mail=row,
        story=story,
        trouble=trouble(row, row.shown_recipients),
        copies=[_copy(one, key(one.address) in suppressed) for one in row.shown_recipients],
        attachments=attachments,
        sender=_sender(row),
        again=[address for each in again.values() for address in each],
    )
    fragments = {"drawer-body": "mail/_mail.html", "live": "mail/_live.html"}
    return render(request, "mail/mail.html", found, fragments=fragments)


def _suppressed(row: Mail) -> frozenset[str]:
    addresses = [one.address for one in row.shown_recipients]
    return suppressions.among(user_id=row.owner_id, addresses=addresses)


def _copy(one: Any, is_listed: bool) -> Copy:
    said = remedy(one.status, is_listed=is_listed)
    return Copy(one.address, _KINDS[one.kind], one.status, one.detail, said, is_listed)


def _sender(row: Mail) -> str:
    """By what it goes out, and whose account that is."""
    if row.backend == Mail.Backend.STUB:
        return "Nothing: no account was connected"
    whose = "your operator's" if row.holder == OPERATOR else "your own"
    return f"{PROVIDERS[row.backend].name}, {whose} account"


@page()
def html(request: HttpRequest, mail_id: uuid.UUID) -> HttpResponse:
    """What a mail said, for the frame on its page."""
    return framed(queries.mail(user=user_of(request), mail_id=mail_id).html)


@page("POST")
def send_again(request: HttpRequest, mail_id: uuid.UUID) -> HttpResponse:
    """Send it to those whom it did not reach, once however often this is posted."""
    user = user_of(request)
    [row] = queries.shown([queries.mail(user=user, mail_id=mail_id)])

    def act(request_id: uuid.UUID | None) -> Reply:
        has_attachments = bool(row.shown_attachments)
        to = resending.groups(row, has_attachments=has_attachments, listed=_suppressed(row))
        sent = resending.send_again(user=user, mail=row, to=to, idempotency=request_id)
        return Reply(201, {"id": str(sent.pk), "status": sent.status})

    sent = idempotency.run(
        user=user, scope="console.mail.again", key=str(mail_id), body=None, act=act
    ).body
    say_sent(request, sent["status"])
    return redirect(request, "mail-message", sent["id"])


def say_sent(request: HttpRequest, status: str) -> None:
    """The toast of a mail that was begun."""
    if status in UNSENT:
        text = "No answer from the provider yet. AVA is finding out whether the mail went out."
        toast(request, text, kind="waiting")
    elif status in MAIL.final:
        toast(request, "Nothing was sent: no account for mail is connected.", kind="waiting")
    else:
        toast(request, "Mail sent.")
