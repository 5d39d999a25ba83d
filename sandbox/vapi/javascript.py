"""JSON as Vapi's JavaScript reads it: every number is a double."""

import json
import math
from decimal import Decimal
from typing import Any

EXACT = 2**53


def parse(body: bytes) -> Any:
    """The body as JSON. 1.0 becomes 1, and whole numbers above 2**53 lose their last digits.

    Raises: ValueError with Node's kind of message.
    """
    try:
        return json.loads(body, parse_int=_number, parse_float=_number, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("too deeply nested") from None


def _number(text: str) -> int | float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"Number {text} is out of range")
    if value.is_integer() and abs(value) < 1e21:
        return int(value) if abs(value) <= EXACT else int(Decimal(repr(value)))
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"Unexpected token {text[0]} in JSON")
