"""Calls and messages from outside, as the control plane asks for them."""

from dataclasses import dataclass
from typing import Any, Self

from sandbox.control_input import Check, InvalidInputError, one_of, parse_fields
from sandbox.phones.phone import number

LONGEST_BODY = 1600


def _text(value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) <= LONGEST_BODY
    return None if fits else f"must be a text of at most {LONGEST_BODY} characters"


_FIELDS: dict[str, Check] = {
    "kind": one_of("call", "message"),
    "from": number,
    "to": number,
    "body": _text,
    "provider": one_of("twilio", "vapi"),
}


@dataclass(frozen=True)
class Incoming:
    """An incoming call or message to a number of the account; `provider` answers it."""

    kind: str
    from_: str
    to: str
    body: str = ""
    provider: str = "twilio"

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """From JSON. Raises: InvalidInputError."""
        given = parse_fields(value, _FIELDS, required=("kind", "from", "to"))
        if (given["kind"] == "message") != ("body" in given):
            raise InvalidInputError("body belongs to a message, and a message needs it.")
        if given["kind"] == "message" and given.get("provider") == "vapi":
            raise InvalidInputError("vapi takes calls only.")
        return cls(**{"from_" if name == "from" else name: given[name] for name in given})
