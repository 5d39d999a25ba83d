"""Resend's events about mails: what became of each recipient's copy, in any order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from ava.http import correlation
from ava.intents.states import FAILED, UNSENT
from ava.intents.timeline import Source, changing, note
from integrations.email.addresses import key
from integrations.email.models import Mail
from integrations.email.states import (
    BOUNCED,
    COMPLAINED,
    DELIVERED,
    MAIL,
    SENT,
    SUPPRESSED,
    overall,
)
from integrations.email.suppressions import services as suppressions
from integrations.email.suppressions.models import Suppression

_STATUSES: Mapping[str, str] = {
    "email.sent": SENT,
    "email.delivered": DELIVERED,
    "email.bounced": BOUNCED,
    "email.complained": COMPLAINED,
    "email.suppressed": SUPPRESSED,
    "email.failed": FAILED,
}
KEPT = frozenset({*_STATUSES, "email.delivery_delayed"})
_SUPPRESSING: Mapping[str, Suppression.Reason] = {
    BOUNCED: Suppression.Reason.BOUNCED,
    COMPLAINED: Suppression.Reason.COMPLAINED,
    SUPPRESSED: Suppression.Reason.SUPPRESSED,
}
# https://resend.com/docs/dashboard/emails/email-bounces
_FOR_GOOD = "Permanent"


def apply(owner: User, event: Mapping[str, Any], *, now: datetime) -> None:
    """Apply an event to the owner's mail, if it is one of AVA's, and to the owner's list of
    suppressions. Applied twice, or late, it changes nothing."""
    status = _STATUSES.get(event["type"], "")
    temporary = status == BOUNCED and event["bounce"] != _FOR_GOOD
    if status in _SUPPRESSING and not temporary and _names_each(event):
        suppressions.record(
            user_id=owner.pk,
            addresses=event["to"],
            reason=_SUPPRESSING[status],
            detail=event["detail"],
            at=now,
        )
    mail = _mail_of(owner, event)
    if mail is None:
        return
    with correlation.bind(mail.correlation_id), changing(mail) as row:
        before = row.status
        if before in UNSENT:
            row.status, row.attempted_at, row.error = SENT, None, ""
        if row.reference is None and event["mail"]:
            row.reference = event["mail"]
        detail = _apply_to_recipients(row, event, status, now=now)
        if row.status != before:
            row.updated_at = now
            row.status_changed()
        if row.status != before or not status:
            note(row, source=Source.CALLBACK, detail=detail, now=now)


def _names_each(event: Mapping[str, Any]) -> bool:
    """Whether all addresses of an event are meant.

    They are by Resend's description ("impacted recipients"), and since November 2024 there is one
    event for each recipient (https://resend.com/changelog/webhook-event-visibility). Before, and
    by anymail.webhooks.resend still, events on one recipient listed all of the mail. So bad news
    for several is believed of each where there is a diagnosis for each.
    """
    return len(event["to"]) in (1, event.get("diagnoses"))


def _apply_to_recipients(row: Mail, event: Mapping[str, Any], status: str, *, now: datetime) -> str:
    """Set the status of each recipient concerned, and the mail's. What the timeline says of it."""
    is_of_some = status in _SUPPRESSING and not _names_each(event)
    concerned = set() if is_of_some else {key(address) for address in event["to"]}
    recipients = [*row.recipients.all()]
    for one in recipients:
        if one.status in UNSENT:
            one.status, one.updated_at = SENT, now
        following = MAIL.after(one.status, status) if key(one.address) in concerned else None
        if following:
            one.status, one.updated_at, one.detail = following, now, event["detail"]
        one.save(update_fields=["status", "updated_at", "detail"])
    # What is known of some recipient, and not of which, is the mail's own.
    own = {row.status, status if is_of_some else ""} & MAIL.final
    row.status = overall([*own, *(one.status for one in recipients)])
    if is_of_some:
        return f"Resend does not say which recipient this is about. {event['detail']}".strip()
    return str(event["detail"]) if status else "Delayed; Resend tries again."


def _mail_of(owner: User, event: Mapping[str, Any]) -> Mail | None:
    """The owner's mail that an event is about: by Resend's ID, else by AVA's mark."""
    mine = Mail.objects.filter(owner=owner, holder=str(owner.pk), backend=Mail.Backend.RESEND)
    found = mine.filter(reference=event["mail"]).first() if event["mail"] else None
    if found is not None:
        return found
    try:
        named = UUID(event["row"])
    except ValueError:
        return None
    return mine.filter(pk=named, reference=None).first()
