"""`/emails` of Resend: sending, listing, showing."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.mail.mailbox import Mail, Mailbox
from sandbox.resend.drafts import mail_from
from sandbox.resend.errors import RefusedError
from sandbox.resend.idempotency import IdempotencyKeys
from sandbox.resend.listing import Resource, page
from sandbox.wire import Query, Request

Sent = Callable[[Mail], None]


class Emails:
    """The account's mails, until the next reset. `on_sent` is called once for each."""

    def __init__(self, mailbox: Mailbox, on_sent: Sent) -> None:
        self._mailbox = mailbox
        self._on_sent = on_sent
        self._lock = threading.Lock()
        self._keys = IdempotencyKeys()
        self._mails: dict[str, Mail] = {}
        self._last_events: dict[str, str] = {}

    def send(self, request: Request) -> Resource:
        """Send a mail, once for each idempotency key. Raises: RefusedError."""
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            message = "The request body is not valid JSON."
            raise RefusedError(400, "validation_error", message) from None
        key = request.headers.get("idempotency-key")
        with self._lock:
            if known := self._keys.result(key, body):
                return {"id": known}
            mail = mail_from(body)
            self._keys.keep(key, body, mail.id)
            self._mails[mail.id] = mail
            self._last_events[mail.id] = "sent"
            self._mailbox.add(mail, len(request.body))
        self._on_sent(mail)
        return {"id": mail.id}

    def get(self, mail_id: str) -> Mail:
        """One mail. Raises: RefusedError."""
        if mail_id not in self._mails:
            raise RefusedError(404, "not_found", "Email not found")
        return self._mails[mail_id]

    def show(self, mail_id: str) -> Resource:
        """One mail with its contents. Raises: RefusedError."""
        mail = self.get(mail_id)
        contents = {"text": mail.text, "html": mail.html}
        return self._resource(mail) | {name: text for name, text in contents.items() if text}

    def list(self, query: Query) -> Resource:
        """A page, the newest first, without contents. Raises: RefusedError."""
        with self._lock:
            mails = list(reversed(self._mails.values()))
        return page([self._resource(mail) for mail in mails], query)

    def record(self, mail_id: str, event: str) -> None:
        """Note what happened to a mail last, such as `delivered`."""
        self._last_events[mail_id] = event

    def _resource(self, mail: Mail) -> Resource:
        return {
            "object": "email",
            "id": mail.id,
            "message_id": f"<{mail.id}@email.example.com>",
            "to": mail.to,
            "from": mail.from_,
            "created_at": timestamp(mail.at),
            "subject": mail.subject,
            "bcc": mail.bcc,
            "cc": mail.cc,
            "reply_to": mail.reply_to,
            "last_event": self._last_events[mail.id],
        }


def timestamp(moment: str) -> Any:
    """A time as Resend's API writes it, such as `2023-04-03 22:13:42.674981+00`."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S.%f}+00"
