"""Life of a mail at Resend: queued, sent, then delivered or not, for each recipient."""

import threading
from typing import Any

from sandbox.control_input import InvalidInputError
from sandbox.mail.mailbox import Mail, bare
from sandbox.phones import PhoneNetwork
from sandbox.phones.scheduler import Task
from sandbox.resend.delivery import Delivery, Message
from sandbox.resend.events import outcomes, payload
from sandbox.resend.orders import EventOrder


class Lifecycle:
    """The mails and what became of them; each step is an event for the webhooks."""

    def __init__(self, network: PhoneNetwork, delivery: Delivery) -> None:
        self._network = network
        self._delivery = delivery
        self._lock = threading.Lock()
        self._mails: dict[str, Mail] = {}
        self._last_events: dict[str, str] = {}
        # Recipients to whom something has happened by order: nothing more does by itself.
        self._ordered: set[tuple[str, str]] = set()

    def start(self, mail: Mail) -> None:
        """A mail is accepted."""
        with self._lock:
            self._mails[mail.id] = mail
            self._last_events[mail.id] = "queued"
        self._later(lambda: self._send(mail))

    def mails(self) -> list[Mail]:
        """All mails, the newest first."""
        with self._lock:
            return list(reversed(self._mails.values()))

    def mail(self, mail_id: str) -> Mail | None:
        """One mail."""
        return self._mails.get(mail_id)

    def last_event(self, mail_id: str) -> str:
        """Last event of a mail, such as `delivered`."""
        return self._last_events[mail_id]

    def order(self, order: EventOrder) -> list[dict[str, Any]]:
        """Have something happen to a mail now. Raises: InvalidInputError."""
        mail = self._named(order)
        recipients = [bare(order.to)] if order.to else mail.recipients
        with self._lock:
            self._ordered |= {(mail.id, recipient) for recipient in recipients}
        self._send(mail)
        return [self._happen(order.event, mail, [to], order.bounce) for to in recipients]

    def _named(self, order: EventOrder) -> Mail:
        for mail in self.mails():
            is_to = order.to is None or bare(order.to) in mail.recipients
            if is_to and order.id in (None, mail.id):
                return mail
        named = {"id": order.id, "to": order.to}
        what = " and ".join(f"{name} {value}" for name, value in named.items() if value)
        raise InvalidInputError(f"Resend sent no mail with {what}.")

    def _send(self, mail: Mail) -> None:
        """Leave for the recipients, unless it has already."""
        with self._lock:
            if self._last_events[mail.id] != "queued":
                return
            self._last_events[mail.id] = "sent"
        self._happen("sent", mail, mail.recipients)
        for recipient in mail.recipients:
            self._go_on(mail, recipient, outcomes(recipient))

    def _go_on(self, mail: Mail, recipient: str, events: tuple[str, ...]) -> None:
        def act() -> None:
            with self._lock:
                if (mail.id, recipient) in self._ordered:
                    return
            self._happen(events[0], mail, [recipient])
            self._go_on(mail, recipient, events[1:])

        if events:
            self._later(act)

    def _later(self, task: Task) -> None:
        self._network.timers.after(self._network.pace.mail_ms / 1000, task)

    def _happen(
        self, event: str, mail: Mail, to: list[str], bounce: str | None = None
    ) -> dict[str, Any]:
        with self._lock:
            self._last_events[mail.id] = event
        body = payload(event, mail, to, bounce)
        return self._delivery.send(Message(body, mark=f"{to[0]} {event}"))
