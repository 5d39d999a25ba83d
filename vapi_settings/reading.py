"""Single values of Vapi's JSON, read tolerantly: what is not as documented is not there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

OUR_DAYS = (1970, 2100)


def text(value: Any) -> str:
    """The text, showable: a half surrogate pair becomes a question mark, U+0000 nothing."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\0", "")


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time in UTC; one without a zone is taken for UTC.

    Only one of our days: with others nobody can reckon.
    """
    try:
        found = datetime.fromisoformat(text(value))
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if OUR_DAYS[0] <= found.year <= OUR_DAYS[1] else None


def timestamp(value: Any) -> datetime | None:
    """Milliseconds since 1970, as Vapi's messages have them."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def money(value: Any) -> Decimal | None:
    """An amount in US dollars, to four places, of a size that a column holds."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 9999:
        return None
    return Decimal(str(value)).quantize(Decimal("0.0001"))


def part(value: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path; an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
