"""Entity tags: strong, and made of nothing but what they stand for (RFC 9110, section 8.8.3)."""

import hashlib
from typing import Any

from django.utils.http import parse_etags

from vapi_settings.diff import canonical


def etag(*parts: Any) -> str:
    """The tag of some JSON values, quotes included."""
    digest = hashlib.sha256(canonical(list(parts)).encode())
    return f'"{digest.hexdigest()[:32]}"'


def allows_change(if_match: str | None, current: str, *, exists: bool) -> bool:
    """Whether `If-Match` lets a change pass. Tags are compared strongly: a weak one never matches.

    Args:
        if_match: the header, None where there is none.
        current: the tag now.
        exists: whether there is anything now, for `*`.
    """
    if if_match is None:
        return True
    tags = parse_etags(if_match)
    return exists if tags == ["*"] else current in tags


def is_unchanged(if_none_match: str | None, current: str) -> bool:
    """Whether `If-None-Match` knows this already. Tags are compared weakly."""
    if if_none_match is None:
        return False
    tags = parse_etags(if_none_match)
    return tags == ["*"] or current in [tag.removeprefix("W/") for tag in tags]
