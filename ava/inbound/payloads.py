"""Payloads in a form that every database can keep."""

import hashlib
import math
import re
from typing import Any

from ava.inbound.models import ID_LENGTH

# PostgreSQL's text and JSON know no NUL and no half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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


def short_id(delivery_id: str) -> str:
    """The ID itself, or a digest of one that is too long for its column."""
    clean: str = storable(delivery_id)
    if len(clean) <= ID_LENGTH and clean == delivery_id:
        return clean
    return hashlib.sha256(delivery_id.encode(errors="surrogatepass")).hexdigest()
