"""Limits of what AVA keeps of a webhook: texts are cut, and say so. Pure."""

import hashlib
import json
import math
import re
from typing import Any, Final

# Characters of a transcript: about four hours of speech; of a summary, and of any other text.
TRANSCRIPT: Final = 200_000
SUMMARY: Final = 10_000
TEXT: Final = 4_000
# Bytes of structured data, or of one tool call's arguments, written as JSON.
JSON_BYTES: Final = 16 * 1024

_LEFT_OUT: Final = "[left out by AVA: "
# PostgreSQL's text and JSON know no NUL and no half of a surrogate pair.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def cut(text: str, most: int) -> str:
    """The text in at most `most` characters; a cut one ends with how many are missing."""
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
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(written.encode(errors="replace"))


def storable(value: Any) -> Any:
    """The same JSON, with U+FFFD for characters and null for numbers that no database takes."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(str(name)): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def short_id(delivery_id: str, most: int) -> str:
    """The ID itself, or a digest of one that its column cannot hold."""
    if len(delivery_id) <= most and storable(delivery_id) == delivery_id:
        return delivery_id
    return hashlib.sha256(delivery_id.encode(errors="surrogatepass")).hexdigest()


def _mark(missing: int) -> str:
    return f" [cut by AVA: {missing:,} characters more]"
