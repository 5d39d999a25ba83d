"""Entity tags of requests (RFC 9110, section 8.8.3)."""

from django.utils.http import parse_etags


def is_unchanged(if_none_match: str | None, current: str) -> bool:
    """Whether `If-None-Match` knows this already. Tags are compared weakly."""
    if if_none_match is None:
        return False
    tags = parse_etags(if_none_match)
    return tags == ["*"] or current in [tag.removeprefix("W/") for tag in tags]
