"""Validation of what comes over the control plane; every error is a sentence."""

import re
from collections.abc import Callable
from typing import Any

PROVIDERS = ("vapi", "twilio", "resend", "google", "microsoft")
KINDS = ("status", "hang", "reset", "refuse", "slow", "drip", "garbage")
WHEN = ("before", "after")
LONGEST_DELAY_MS = 3_600_000
FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})

_MATCH = re.compile(r"[A-Z]+ /[^\s?#]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


# A check of one value. Returns: what is wrong with it, or None.
Check = Callable[[Any], str | None]


class InvalidInputError(ValueError):
    """Invalid input over the control plane; the message is a sentence for a person."""


def is_whole(value: object) -> bool:
    """A JSON integer; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """A JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def one_of(*choices: str) -> Check:
    """A check that allows only `choices`."""
    return lambda value: None if value in choices else f"must be one of {', '.join(choices)}"


def whole(low: int, high: int) -> Check:
    """A check that allows whole numbers from `low` to `high`."""
    return lambda value: (
        None
        if is_whole(value) and low <= value <= high
        else f"must be a whole number from {low} to {high}"
    )


def _headers(value: Any) -> str | None:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        return "must be an object of strings"
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            return f"must be valid HTTP headers; {name!r} is not"
        if name.lower() in FRAMING:
            return f"must leave {name} to the sandbox"
    return None


def _count(value: Any) -> str | None:
    return (
        None
        if value is None or (is_whole(value) and value > 0)
        else "must be a whole number from 1, or null for ever"
    )


def _match(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and _MATCH.fullmatch(value)):
        return None
    return (
        "must be a method and the start of a path without the provider's prefix, "
        'such as "GET /assistant", or null for all'
    )


_FIELDS: dict[str, Check] = {
    "provider": one_of(*PROVIDERS),
    "kind": one_of(*KINDS),
    "status": whole(300, 599),
    "headers": _headers,
    "when": one_of(*WHEN),
    "delay_ms": whole(0, LONGEST_DELAY_MS),
    "count": _count,
    "match": _match,
}


def parse_fault(value: Any) -> dict[str, Any]:
    """The fields of a fault, checked. Raises: InvalidInputError."""
    return parse_fields(value, _FIELDS, required=("provider", "kind"))


def parse_fields(value: Any, fields: dict[str, Check], required: tuple[str, ...]) -> dict[str, Any]:
    """`value` when it is an object of known, valid fields. Raises: InvalidInputError."""
    if not isinstance(value, dict):
        raise InvalidInputError("The body must be a JSON object.")
    for name in required:
        if name not in value:
            raise InvalidInputError(f"{name} is required.")
    for name, given in value.items():
        if name not in fields:
            raise InvalidInputError(f"There is no field {name!r}; there are {', '.join(fields)}.")
        if complaint := fields[name](given):
            raise InvalidInputError(f"{name} {complaint}.")
    return value
