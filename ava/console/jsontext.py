"""JSON that people typed: the value, or the line at which it is none."""

import json
from typing import Any


class NotJson(ValueError):
    """A sentence that names the line."""


def parsed(text: str) -> Any:
    """Raises: NotJson."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as fault:
        raise NotJson(f"Line {fault.lineno}: this is not JSON yet.") from fault
    except (ValueError, RecursionError) as fault:
        raise NotJson("This is not JSON yet.") from fault


def _no_constant(name: str) -> Any:
    raise ValueError(name)
