"""Mails of a user, read."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from ava.http.keyset import Scan
from ava.intents.timeline import with_timelines
from integrations.email.errors import MailNotFound
from integrations.email.models import Mail, Recipient
from integrations.email.reports import with_notes

_LOOKUPS = {"since": "created_at__gte", "until": "created_at__lt"}


def mails(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Mail] | Scan:
    """The user's mails, the newest first, without their texts."""
    wanted = dict(filters)
    text, recipient = wanted.pop("search", ""), wanted.pop("recipient", "")
    lookups = {_LOOKUPS.get(name, name): value for name, value in wanted.items()}
    mine = Mail.objects.filter(owner=user, **lookups).defer("text", "html")
    match = Q()
    if recipient:
        match &= _to(address__iexact=recipient)
    if text:
        match &= Q(subject__icontains=text) | _to(address__icontains=text)
    return Scan(mine, match) if match else mine


def _to(**lookup: str) -> Q:
    return Q(Exists(Recipient.objects.filter(mail=OuterRef("pk"), **lookup)))


def mail(*, user: User, mail_id: UUID) -> Mail:
    """One of the user's mails. Raises: MailNotFound."""
    found = Mail.objects.filter(owner=user, pk=mail_id).first()
    if found is None:
        raise MailNotFound
    return found


def shown(page: Iterable[Mail]) -> list[Mail]:
    """The same mails with recipients, timelines and notes on their delivery: three queries at
    most, however many they are."""
    return with_notes(with_recipients(with_timelines(page)))


def with_recipients(page: Iterable[Mail]) -> list[Mail]:
    """The same mails with recipients: one query, however many they are."""
    rows = list(page)
    by_id: dict[UUID, list[Recipient]] = {row.pk: [] for row in rows}
    for one in Recipient.objects.filter(mail__in=rows) if rows else ():
        by_id[one.mail_id].append(one)
    for row in rows:
        row.shown_recipients = by_id[row.pk]
    return rows
