"""Behaviour of phones and pace of the network, as set over the control plane."""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sandbox.control_input import Check, InvalidInputError, is_number, one_of, parse_fields, whole

BEHAVIOURS = ("answer", "busy", "no-answer", "fail", "hangup-after")
TEXTS = ("delivered", "undelivered", "failed", "opted-out", "incapable")

E164 = re.compile(r"\+[1-9]\d{6,14}")


def number(value: Any) -> str | None:
    """A check that allows phone numbers in E.164."""
    fits = isinstance(value, str) and E164.fullmatch(value)
    return None if fits else "must be a phone number such as +15005550006"


def amount(low: float, high: float, unit: str) -> Check:
    """A check that allows numbers above `low`, up to `high`."""

    def check(value: Any) -> str | None:
        fits = is_number(value) and low < value <= high
        return None if fits else f"must be a number of {unit} above {low:g}, at most {high:g}"

    return check


def _digits(value: Any) -> str | None:
    fits = isinstance(value, str) and re.fullmatch(r"[0-9*#]{1,32}", value)
    return None if fits else "must be 1 to 32 of 0-9, * and #"


def _tool_calls(value: Any) -> str | None:
    fits = isinstance(value, list) and all(
        isinstance(call, dict)
        and call.keys() == {"name", "arguments"}
        and isinstance(call["name"], str)
        and isinstance(call["arguments"], dict)
        for call in value
    )
    return None if fits else "must be a list of objects with a name and arguments"


@dataclass(frozen=True)
class Phone:
    """Behaviour of one phone.

    `seconds` of a call after which the callee hangs up (hangup-after), `ring_ms` of real time that
    it rings for, `digits` that are typed when a menu asks, `texts`: what becomes of messages,
    `tool_calls`: what an assistant is moved to ask its server, each with a name and arguments.
    """

    behaviour: str = "answer"
    seconds: float | None = None
    ring_ms: int | None = None
    digits: str | None = None
    texts: str = "delivered"
    tool_calls: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def from_json(cls, value: Any) -> tuple[str, Self]:
        """A number and its phone from JSON. Raises: InvalidInputError."""
        given = parse_fields(value, _PHONE, required=("to", "behaviour"))
        if (given["behaviour"] == "hangup-after") != ("seconds" in given):
            raise InvalidInputError("seconds belongs to hangup-after, and hangup-after needs it.")
        return given["to"], cls(**{name: given[name] for name in given if name != "to"})


@dataclass(frozen=True)
class Pace:
    """Speed of the network.

    `ring_ms`: how long a phone rings before it is answered; `no_answer_ms`: before it gives up;
    `text_ms`: between two states of a message, `mail_ms`: of a mail; `speed`: seconds of a call in
    one of real time;
    `calls_per_second`: how many calls an account may begin, the others wait in Twilio's queue.
    """

    ring_ms: int = 100
    no_answer_ms: int = 300
    text_ms: int = 30
    mail_ms: int = 30
    speed: float = 20.0
    calls_per_second: float = 200.0

    def changed(self, value: Any) -> Self:
        """This pace with what JSON says. Raises: InvalidInputError."""
        return replace(self, **parse_fields(value, _PACE, required=()))


_MS = whole(0, 3_600_000)

_PHONE: dict[str, Check] = {
    "to": number,
    "behaviour": one_of(*BEHAVIOURS),
    "seconds": amount(0, 3600, "seconds"),
    "ring_ms": _MS,
    "digits": _digits,
    "texts": one_of(*TEXTS),
    "tool_calls": _tool_calls,
}

_PACE: dict[str, Check] = {
    "ring_ms": _MS,
    "no_answer_ms": _MS,
    "text_ms": _MS,
    "mail_ms": _MS,
    "speed": amount(0, 1000, "seconds per second"),
    "calls_per_second": amount(0, 10_000, "calls"),
}
