"""`/emails` of Resend: sending, listing, showing."""

import json
import threading

from sandbox.mail.mailbox import Mail, Mailbox
from sandbox.resend.drafts import mail_from
from sandbox.resend.errors import RefusedError
from sandbox.resend.idempotency import IdempotencyKeys
from sandbox.resend.lifecycle import Lifecycle
from sandbox.resend.listing import Resource, page, timestamp
from sandbox.wire import Query, Request


class Emails:
    """The account's mails, until the next reset."""

    def __init__(self, mailbox: Mailbox, lifecycle: Lifecycle) -> None:
        self._mailbox = mailbox
        self._lifecycle = lifecycle
        self._lock = threading.Lock()
        self._keys = IdempotencyKeys()

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
            self._mailbox.add(mail, len(request.body))
            self._lifecycle.start(mail)
        return {"id": mail.id}

    def show(self, mail_id: str) -> Resource:
        """One mail with its contents. Raises: RefusedError."""
        mail = self._lifecycle.mail(mail_id)
        if mail is None:
            raise RefusedError(404, "not_found", "Email not found")
        contents = {"text": mail.text, "html": mail.html}
        return self._resource(mail) | {name: text for name, text in contents.items() if text}

    def list(self, query: Query) -> Resource:
        """A page, the newest first, without contents. Raises: RefusedError."""
        return page([self._resource(mail) for mail in self._lifecycle.mails()], query)

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
            "last_event": self._lifecycle.last_event(mail.id),
        }
