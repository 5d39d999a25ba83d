"""What a setting's value may be, by type."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from vapi_settings.diff import EXACT

MAX_BYTES: Final = 8192
MAX_DEPTH: Final = 32

Bounds = Mapping[str, Any]


class ValueRefused(ValueError):
    """The value does not fit; the message is a sentence for a person."""


def as_float(number: int) -> float | int:
    """The number as a float, where a float can hold it."""
    return float(number) if abs(number) <= EXACT else number


def text(key: str, value: Any, bounds: Bounds) -> str:
    """A text. Its length is counted in characters."""
    if not isinstance(value, str):
        raise ValueRefused(f"{key} must be a text.")
    _check_text(key, value)
    low, high = bounds["min_length"], bounds["max_length"]
    if not low <= len(value) <= high:
        raise ValueRefused(f"{key} must have {low} to {high} characters; this has {len(value)}.")
    return value


def whole(key: str, value: Any, bounds: Bounds) -> int:
    """A whole number; 60.0 is one, as it is in JSON."""
    number = _number(value)
    if number is None or (isinstance(number, float) and not number.is_integer()):
        raise ValueRefused(f"{key} must be a whole number.")
    _check_range(key, number, bounds)
    return int(number)


def decimal(key: str, value: Any, bounds: Bounds) -> float:
    """A number."""
    number = _number(value)
    if number is None:
        raise ValueRefused(f"{key} must be a number.")
    _check_range(key, number, bounds)
    return float(number)


def flag(key: str, value: Any, bounds: Bounds) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueRefused(f"{key} must be true or false.")
    return value


def anything(key: str, value: Any, bounds: Bounds) -> Any:
    """Any JSON that Vapi keeps as it is, up to 8 KiB as compact UTF-8."""
    _check_parts(key, value)
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > bounds["max_bytes"]:
        raise ValueRefused(f"{key} must fit into {bounds['max_bytes']} bytes; this has {size}.")
    return value


CHECKS: Final[Mapping[str, Callable[[str, Any, Bounds], Any]]] = {
    "string": text,
    "integer": whole,
    "float": decimal,
    "boolean": flag,
    "json": anything,
}


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _check_range(key: str, number: float, bounds: Bounds) -> None:
    low, high = bounds["minimum"], bounds["maximum"]
    if not low <= number <= high:
        raise ValueRefused(f"{key} must be between {low} and {high}.")


def _check_parts(key: str, value: Any) -> None:
    """Look at every part, without recursion: the nesting is the sender's."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for part in level:
            if isinstance(part, str):
                _check_text(key, part)
            elif isinstance(part, float) and not math.isfinite(part):
                raise ValueRefused(f"{key} must not hold NaN or an infinite number.")
            elif isinstance(part, int) and abs(part) > EXACT:
                raise ValueRefused(
                    f"{key} must not hold whole numbers beyond {EXACT}: Vapi would round them. "
                    "Send them as text."
                )
            elif isinstance(part, list):
                below.extend(part)
            elif isinstance(part, dict):
                below.extend(part)
                below.extend(part.values())
        if not below:
            return
        level = below
    raise ValueRefused(f"{key} must not be nested deeper than {MAX_DEPTH} levels.")


def _check_text(key: str, value: str) -> None:
    if "\0" in value:
        raise ValueRefused(f"{key} must not hold the character U+0000.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueRefused(f"{key} must be valid Unicode text.") from None
