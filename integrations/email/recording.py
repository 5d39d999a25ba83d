"""Mails in a captured incident (`ava.recording`)."""

from typing import Any, Final

from ava.intents.models import Entry
from ava.intents.states import FAILED
from ava.recording import fakes, parts
from ava.recording.parts import Account, Asked, Repeat
from ava.recording.scenario import Ask, Fault
from integrations.email import smtp_recording
from integrations.email.models import Mail, Recipient
from integrations.email.resend import RESEND
from integrations.email.smtp import SMTP
from integrations.email.states import (
    BOUNCED,
    COMPLAINED,
    DELIVERED,
    MAIL,
    SENT,
    SUPPRESSED,
)

MESSAGES: Final = "/api/v1/integrations/email/messages"
_TEXT: Final = "text"
_DEMO_KEY: Final = "re_demo"
_TAKEN: Final = (SENT, DELIVERED)
_TROUBLES: Final = (BOUNCED, COMPLAINED, SUPPRESSED)


def register() -> None:
    """Register what is known here of requests and accounts."""
    parts.words.update(MAIL.ranks, [f"email.{status}" for status in MAIL.ranks])
    parts.words.update(smtp_recording.WORDS)
    parts.accounts[SMTP.label] = smtp_recording.ACCOUNT
    parts.register("POST", "integrations/email/messages", send)
    parts.register("GET", "integrations/email/messages", _list)
    parts.accounts[RESEND.label] = Account(
        {"api_key": _DEMO_KEY, "from_email": "ava@example.com"},
        hooks="/resend/webhooks",
        key=_DEMO_KEY,
        events=[f"email.{event}" for event in (SENT, DELIVERED, *_TROUBLES)],
    )


def send(asked: Asked) -> Repeat:
    """A mail; where no row was made of it, any mail."""
    rows = Mail.objects.filter(owner_id=asked.owner_id, correlation_id=asked.correlation_id)
    row = rows.order_by("created_at", "id")[asked.nth : asked.nth + 1].first()
    if row is None:
        parts.require_reason(asked)
        address = asked.fakes.address("")
        ask = Ask("POST", MESSAGES, {"to": [address], "subject": _TEXT, "text": _TEXT})
        return Repeat(ask, accounts=[RESEND.label], provider=RESEND.label)
    by_smtp = row.backend == Mail.Backend.SMTP
    is_taken = row.status in _TAKEN if by_smtp else row.reference is not None
    ask = Ask("POST", MESSAGES, _body(asked, row))
    return Repeat(
        ask,
        row=str(row.pk),
        accounts=_accounts(asked, row),
        provider=RESEND.label,
        is_done=is_taken and not by_smtp,
        answers={SMTP.label: _sessions(asked, row)} if by_smtp else {},
        effects={"mails": 1} if is_taken else {},
        callbacks=_reported(row),
        is_settled=row.is_final or row.status in row.machine.resting or bool(row.error),
    )


def _accounts(asked: Asked, row: Mail) -> list[str]:
    """Accounts that the mail went by, and the one that it was tried by first."""
    if row.backend == Mail.Backend.STUB:
        return []
    tried = {row.backend, *asked.refused, *(one.provider for one in asked.attempts)}
    if SMTP.label in asked.refused:
        raise parts.NotRepeatable(
            "AVA asked no mail server: its circuit breaker was open, which a user's never opens."
        )
    return [label for label in (RESEND.label, SMTP.label) if label in tried]


def _sessions(asked: Asked, row: Mail) -> list[Fault]:
    refused = row.recipients.filter(status=FAILED) if row.status in _TAKEN else ()
    return smtp_recording.faults(
        asked.attempts,
        is_text_lost=row.handed_over_at is not None and row.status not in _TAKEN,
        refused=[_recipient(asked, person) for person in refused],
    )


def _reported(row: Mail) -> list[tuple[float, str]]:
    """What Resend reported, and when: its webhooks have correlation IDs of their own."""
    entries = row.timeline.filter(source=Entry.Source.CALLBACK).order_by("at", "id")
    return [(one.at.timestamp(), one.status) for one in entries if one.status in MAIL.ranks]


def _recipient(asked: Asked, person: Recipient) -> str:
    """Somebody; an address that Resend has such trouble with, where there was some."""
    made = asked.fakes.address(person.address)
    if person.status not in _TROUBLES:
        return made
    return f"{person.status}+{made.partition('@')[0]}@resend.dev"


def _body(asked: Asked, row: Mail) -> dict[str, Any]:
    body: dict[str, Any] = {kind: [] for kind in Recipient.Kind.values}
    for person in row.recipients.order_by("id"):
        body[person.kind].append(_recipient(asked, person))
    texts = {"subject": row.subject, "text": row.text, "html": row.html}
    body |= {name: fakes.text(text) for name, text in texts.items() if text}
    return {name: held for name, held in body.items() if held} | {
        "transactional": row.transactional
    }


def _list(asked: Asked) -> Repeat:
    return Repeat(Ask("GET", MESSAGES))
