"""Limits of what AVA keeps of a webhook's texts. Pure.

What exceeds them is cut, and says so.
"""

import json
from typing import Any, Final

TRANSCRIPT: Final = 200_000
"""Characters of a transcript: about four hours of talk."""
SUMMARY: Final = 10_000
TEXT: Final = 4_000
"""Characters of any other text."""
JSON_BYTES: Final = 16 * 1024
"""Bytes of structured data, or of one tool call's arguments, written as JSON."""

_LEFT_OUT: Final = "[left out by AVA: "


def cut(text: str, most: int) -> str:
    """The text in at most `most` characters; a cut one ends with how many are missing.

    Cutting again changes nothing.
    """
    if len(text) <= most:
        return text
    # The mark with the greatest number is the longest.
    head = max(0, most - len(_mark(len(text))))
    return (text[:head] + _mark(len(text) - head))[:most]


def cut_json(value: Any, most: int = JSON_BYTES) -> Any:
    """The JSON value itself; a sentence in place of one that takes more than `most` bytes."""
    size = json_size(value)
    return value if size <= most else f"{_LEFT_OUT}{size:,} bytes, at most {most:,} fit]"


def is_left_out(value: Any) -> bool:
    """Whether `cut_json` left a sentence in its place."""
    return isinstance(value, str) and value.startswith(_LEFT_OUT)


def json_size(value: Any) -> int:
    """Bytes of a value written as compact JSON."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(written.encode(errors="replace"))


def _mark(missing: int) -> str:
    return f" [cut by AVA: {missing:,} characters more]"
