"""Validation of what comes over the control plane; every error is a sentence."""

import re
from collections.abc import Callable
from typing import Any

PROVIDERS = ("vapi", "twilio", "resend", "smtp", "google", "microsoft")
KINDS = ("status", "hang", "reset", "refuse", "slow", "drip", "garbage")
WHEN = ("before", "after")
# Providers whose faults may name the error, beside its status.
NAME_ERRORS = ("google", "microsoft", "resend", "twilio")
SMTP_STATUS = 451
SMTP_LOGIN = frozenset({454, 530, 534, 535, 538})  # RFC 4954, section 6
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


def _error(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"[A-Za-z_]{1,64}|[1-9][0-9]{4}", value)
    return None if good else "must name an error, such as daily_quota_exceeded or 21211"


_FIELDS: dict[str, Check] = {
    "provider": one_of(*PROVIDERS),
    "kind": one_of(*KINDS),
    "status": whole(300, 599),
    "headers": _headers,
    "when": one_of(*WHEN),
    "delay_ms": whole(0, LONGEST_DELAY_MS),
    "count": _count,
    "match": _match,
    "error": _error,
}


def parse_fault(value: Any) -> dict[str, Any]:
    """The fields of a fault, checked. Raises: InvalidInputError."""
    fault = parse_fields(value, _FIELDS, required=("provider", "kind"))
    if "error" in fault and fault["provider"] not in NAME_ERRORS:
        raise InvalidInputError(f"error is for {', '.join(NAME_ERRORS)}.")
    if "error" in fault and fault["error"].isdigit() != (fault["provider"] == "twilio"):
        raise InvalidInputError("error is a code at twilio, and a name elsewhere.")
    return _smtp_fault(fault) if fault["provider"] == "smtp" else fault


def _smtp_fault(fault: dict[str, Any]) -> dict[str, Any]:
    """A fault of SMTP, with the step that it is for where none is named."""
    if fault["kind"] == "drip":
        raise InvalidInputError("kind drip is for HTTP.")
    status = fault.get("status", SMTP_STATUS)
    if status < 400:
        raise InvalidInputError("status must be from 400 to 599: 4xx and 5xx are SMTP's failures.")
    before = fault.get("when", "before") == "before"
    step = "DATA"
    if before and fault["kind"] == "refuse":
        step = "CONNECT"
    elif before and fault["kind"] == "status" and status in SMTP_LOGIN:
        step = "AUTH"
    return {**fault, "status": status, "match": fault.get("match") or f"{step} /"}


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
