"""Resend's events about a mail (https://resend.com/docs/webhooks/event-types)."""

from collections.abc import Sequence
from typing import Any

from sandbox.clock import iso_time, utc_now
from sandbox.mail.mailbox import Mail, bare

Payload = dict[str, Any]

BOUNCES: dict[str, Payload] = {
    "Permanent": {
        "type": "Permanent",
        "subType": "General",
        "message": "The recipient's email provider sent a hard bounce message.",
        "diagnosticCode": ["smtp; 550 5.1.1 user unknown"],
    },
    "Transient": {
        "type": "Transient",
        "subType": "MailboxFull",
        "message": (
            "The recipient's email provider sent a bounce message because the recipient's inbox "
            "was full."
        ),
        "diagnosticCode": ["smtp; 452 4.2.2 mailbox full"],
    },
    "Undetermined": {
        "type": "Undetermined",
        "subType": "Undetermined",
        "message": "The recipient's email provider sent a bounce message.",
        "diagnosticCode": ["smtp; 554 transaction failed"],
    },
}
# What an event has beside the mail, in a field of its own.
_MORE: dict[str, tuple[str, Payload]] = {
    "bounced": ("bounce", BOUNCES["Permanent"]),
    "failed": ("failed", {"reason": "reached_daily_quota"}),
    "suppressed": (
        "suppressed",
        {
            "type": "OnAccountSuppressionList",
            "reason": "previous_bounce",
            "message": "Resend has suppressed sending to this address because it bounced before.",
            "diagnosticCode": ["smtp; 550 5.1.1 user unknown"],
        },
    ),
    "clicked": (
        "click",
        {
            "ipAddress": "192.0.2.1",
            "link": "https://example.com/",
            "userAgent": "Mozilla/5.0",
        },
    ),
}
MAIL_EVENTS = (
    "sent",
    "delivered",
    "delivery_delayed",
    "bounced",
    "complained",
    "failed",
    "suppressed",
    "opened",
    "clicked",
)
TYPES = frozenset(
    {
        *(f"email.{event}" for event in MAIL_EVENTS),
        *("email.scheduled", "email.received"),
        *(f"contact.{event}" for event in ("created", "updated", "deleted")),
        *(f"domain.{event}" for event in ("created", "updated", "deleted")),
    }
)
# https://resend.com/docs/dashboard/emails/send-test-emails
_TEST_ADDRESSES: dict[str, tuple[str, ...]] = {
    "delivered": ("delivered",),
    "bounced": ("bounced",),
    "complained": ("delivered", "complained"),
    "suppressed": ("suppressed",),
}


def outcomes(recipient: str) -> tuple[str, ...]:
    """Outcomes of a mail to an address, in order. Test addresses may carry a `+label`."""
    name, _, domain = bare(recipient).partition("@")
    if domain != "resend.dev":
        return ("delivered",)
    return _TEST_ADDRESSES.get(name.partition("+")[0], ("delivered",))


def payload(event: str, mail: Mail, to: Sequence[str], bounce: str | None = None) -> Payload:
    """The body of a webhook.

    Args:
        event: one of `MAIL_EVENTS`.
        to: the recipients whom it is about.
        bounce: one of `BOUNCES`, where `event` is bounced; None for a permanent one.
    """
    now = iso_time(utc_now())
    data: Payload = {
        "created_at": mail.at,
        "email_id": mail.id,
        "from": mail.from_,
        "subject": mail.subject,
        "to": list(to),
    }
    if mail.headers:
        data["headers"] = [{"name": name, "value": text} for name, text in mail.headers.items()]
    if mail.tags:
        data["tags"] = mail.tags
    if event in _MORE:
        field, more = _MORE[event]
        if event == "bounced" and bounce:
            more = BOUNCES[bounce]
        data[field] = {**more, "timestamp": now} if event == "clicked" else dict(more)
    return {"type": f"email.{event}", "created_at": now, "data": data}
