"""Calls and messages from outside, as the control plane asks for them."""

import re
from dataclasses import dataclass, field
from typing import Any, Self

from sandbox.control_input import Check, InvalidInputError, one_of, parse_fields
from sandbox.phones.phone import number

LONGEST_BODY = 1600
MOST_MEDIA = 10  # https://www.twilio.com/docs/messaging/guides/webhook-request


def _text(value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) <= LONGEST_BODY
    return None if fits else f"must be a text of at most {LONGEST_BODY} characters"


def _sender(value: Any) -> str | None:
    fits = isinstance(value, str) and re.fullmatch(r"\S(.{0,318}\S)?", value)
    return None if fits else "must be a number, a short code, a name, or an address such as sip:..."


def _media(value: Any) -> str | None:
    fits = (
        isinstance(value, list)
        and len(value) <= MOST_MEDIA
        and all(
            isinstance(one, dict)
            and one.keys() == {"url", "content_type"}
            and all(isinstance(text, str) for text in one.values())
            for one in value
        )
    )
    return None if fits else f"must be at most {MOST_MEDIA} objects with url and content_type"


def _more(value: Any) -> str | None:
    fits = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    return None if fits else "must be an object of texts"


def _receiver(value: Any) -> str | None:
    """A number of the account, also as a channel names it: `whatsapp:+1...`."""
    return number(_bare(value) if isinstance(value, str) else value)


def _bare(receiver: str) -> str:
    return re.sub(r"^(whatsapp|rcs):", "", receiver)


_FIELDS: dict[str, Check] = {
    "kind": one_of("call", "message"),
    "from": _sender,
    "to": _receiver,
    "body": _text,
    "media": _media,
    "more": _more,
    "provider": one_of("twilio", "vapi"),
}


@dataclass(frozen=True)
class Incoming:
    """An incoming call or message to a number of the account; `provider` answers it.

    `media` of an MMS; `more`: parameters that only some webhooks have, such as FromCity.
    """

    kind: str
    from_: str
    to: str
    body: str = ""
    media: list[dict[str, str]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    provider: str = "twilio"

    @property
    def number(self) -> str:
        """That of the account which is meant."""
        return _bare(self.to)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """From JSON. Raises: InvalidInputError."""
        given = parse_fields(value, _FIELDS, required=("kind", "from", "to"))
        if (given["kind"] == "message") != ("body" in given):
            raise InvalidInputError("body belongs to a message, and a message needs it.")
        if given["kind"] == "message" and given.get("provider") == "vapi":
            raise InvalidInputError("vapi takes calls only.")
        if given["kind"] == "call" and _bare(given["to"]) != given["to"]:
            raise InvalidInputError("to is a channel's address, and channels carry messages only.")
        if given.get("media") and given["kind"] == "call":
            raise InvalidInputError("media belongs to a message.")
        return cls(**{"from_" if name == "from" else name: given[name] for name in given})
