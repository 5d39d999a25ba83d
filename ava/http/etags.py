"""Entity tags, also as proxies that compress rewrite them.

nginx and most CDNs make `"t"` weak (`W/"t"`). Apache, Caddy, Jetty and LiteSpeed add the coding:
`"t-gzip"`, `"t--gzip"`, `"t;gz"`. AVA's own tags are made of values, not of bytes, so a rewritten
one means the same value.
"""

import re
from typing import Final

from django.utils.http import parse_etags

ANY: Final = "*"

# Only from the start of a run: tried at each of its characters it would take quadratic time.
_ADDED = re.compile(r'(?<![-;:])[-;:]+(?:gzip|gz|br|brotli|zstd|deflate|df)(?="$)')


def tags_of(header: str) -> list[str]:
    """The tags of `If-Match` or `If-None-Match` as AVA gave them out; `["*"]` for any."""
    # Scripts and no-code tools drop the quotes.
    tags = parse_etags(header) or [f'"{header.strip().removeprefix("W/")}"']
    return [_ADDED.sub("", tag.removeprefix("W/")) for tag in tags]


def is_unchanged(if_none_match: str | None, current: str) -> bool:
    """Whether `If-None-Match` knows this tag (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = tags_of(if_none_match)
    return tags == [ANY] or current in tags
