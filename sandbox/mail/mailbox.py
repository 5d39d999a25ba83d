"""Mailbox of the sandbox: every mail that Resend or the SMTP server accepted, whole."""

import threading
import uuid
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from sandbox.clock import iso_time, utc_now
from sandbox.recent import Recent

KEPT = 20_000


def bare(address: str) -> str:
    """`ada@example.com` of `Ada <Ada@example.com>`: what two spellings of an address share."""
    return parseaddr(address)[1].lower()


@dataclass(frozen=True)
class Mail:
    """One mail as it was accepted. Addresses are as they were written, names included."""

    via: str
    from_: str
    to: list[str]
    subject: str
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    reply_to: list[str] = field(default_factory=list)
    text: str | None = None
    html: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    # Random, and real time: an app looks mails up by its own clock, and outlives the sandbox.
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: str = field(default_factory=lambda: iso_time(utc_now()))

    @property
    def recipients(self) -> list[str]:
        """All who get it, each once, as bare addresses."""
        return list(dict.fromkeys(map(bare, [*self.to, *self.cc, *self.bcc])))

    def resource(self) -> dict[str, Any]:
        """The mail whole, for the control plane."""
        return {
            "id": self.id,
            "via": self.via,
            "from": self.from_,
            "to": self.to,
            "cc": self.cc,
            "bcc": self.bcc,
            "reply_to": self.reply_to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "attachments": self.attachments,
            "at": self.at,
        }

    def effect(self) -> dict[str, Any]:
        """What happened, in short."""
        return {
            "id": self.id,
            "via": self.via,
            "to": self.recipients,
            "from": bare(self.from_),
            "subject": self.subject,
            "at": self.at,
        }


class Mailbox:
    """The mails in order of arrival. Calls may come from many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mails: Recent[Mail] = Recent(KEPT)

    def add(self, mail: Mail, size: int) -> None:
        """Keep a mail; `size` in bytes, as it arrived."""
        with self._lock:
            self._mails.append(mail, size)

    def mails(self, to: str | None = None) -> list[Mail]:
        """All mails, or those that an address got, in To, Cc or Bcc."""
        with self._lock:
            mails = list(self._mails)
        return mails if to is None else [mail for mail in mails if bare(to) in mail.recipients]

    def clear(self) -> None:
        """Forget all mails."""
        with self._lock:
            self._mails.clear()
