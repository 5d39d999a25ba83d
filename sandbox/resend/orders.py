"""Orders over the control plane about Resend's events: `POST /_sandbox/mail` and `/replay`."""

from dataclasses import dataclass
from typing import Any, Self

from sandbox.control_input import Check, InvalidInputError, one_of, parse_fields
from sandbox.resend.events import BOUNCES, MAIL_EVENTS


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "must be a text"


_EVENT: dict[str, Check] = {
    "id": _text,
    "to": _text,
    "event": one_of(*MAIL_EVENTS),
    "bounce": one_of(*BOUNCES),
}


@dataclass(frozen=True)
class EventOrder:
    """An event to happen: to the mail `id`, else to the newest one to `to`.

    With `id` alone it is about all its recipients, else about `to`.
    """

    event: str
    id: str | None = None
    to: str | None = None
    bounce: str | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """From JSON. Raises: InvalidInputError."""
        order = cls(**parse_fields(value, _EVENT, required=("event",)))
        if not (order.id or order.to):
            raise InvalidInputError("id or to is required.")
        if order.bounce and order.event != "bounced":
            raise InvalidInputError("bounce belongs to the event bounced.")
        return order


def replay_id(value: Any) -> str | None:
    """The event to be replayed, None for all. Raises: InvalidInputError."""
    given: str | None = parse_fields(value, {"id": _text}, required=()).get("id")
    return given
