"""Masks for secrets in what is shown: headers, queries, forms and JSON, by the names of fields."""

import json
import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from sandbox.wire import Headers, Query

LONG_ENOUGH_TO_SHOW_ITS_END = 12
DEEPEST = 64
HIDDEN = "****"

_SECRET = re.compile(
    r"authorization|cookie|secret|passw|passphrase|assertion|code[-_]?verifier"
    r"|(?:api|private|access)[-_]?key"
    # maxTokens counts words, and a page's token is a place in a list.
    r"|(?<!idempotency-)(?<!page)(?<!page_)(?<!sync)token(?![a-z])",
    re.I,
)
_WEB = ("http://", "https://")
_SCHEME = re.compile(r"(?:basic|bearer) ", re.I)
_PAIR = re.compile(r"([^&=]*)=([^&]*)")


def mask(value: str) -> str:
    """`Bearer ****-key` for `Bearer vapi-demo-key`; a short secret shows nothing of itself."""
    found = _SCHEME.match(value)
    scheme = found[0] if found else ""
    secret = value[len(scheme) :]
    shown = secret[-4:] if len(secret) >= LONG_ENOUGH_TO_SHOW_ITS_END else ""
    return f"{scheme}{HIDDEN}{shown}"


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return bool(_SECRET.search(name))


def masked_headers(headers: Headers) -> dict[str, str]:
    """`headers` with at most the last four characters of anything secret."""
    return {name: mask(value) if is_secret(name) else value for name, value in headers.items()}


def masked_query(query: Query) -> dict[str, str]:
    """A query, masked alike."""
    return masked_headers(dict(query))


def masked_url(url: str) -> str:
    """A URL with its query masked; any other text as it is."""
    address, mark, query = url.partition("?")
    return f"{address}{mark}{masked_form(query)}" if url.startswith(_WEB) else url


def masked_form(text: str) -> str:
    """A urlencoded form; what is no secret stays as it came, byte by byte."""

    def pair(found: re.Match[str]) -> str:
        value = unquote_plus(found[2])
        shown = mask(value) if is_secret(unquote_plus(found[1])) else masked_url(value)
        return found[0] if shown == value else f"{found[1]}={quote_plus(shown, safe='*')}"

    return _PAIR.sub(pair, text)


def masked_json(value: Any, *, secret: bool = False, depth: int = 0) -> Any:
    """JSON with secrets masked: the fields that `is_secret` names and what lies in them, and the
    `headers` of a server, which authenticate webhooks there: those that stand beside a `url`.

    Args:
        secret: whether `value` is a secret, or lies in one.
        depth: how deep `value` lies; below `DEEPEST` nothing is shown.
    """
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return HIDDEN
    if isinstance(value, list):
        return [masked_json(one, secret=secret, depth=depth + 1) for one in value]
    if isinstance(value, dict):
        credentials = "headers" if "url" in value else None
        return {
            name: masked_json(
                one, secret=secret or is_secret(name) or name == credentials, depth=depth + 1
            )
            for name, one in value.items()
        }
    if secret and value is not None and not isinstance(value, bool):
        return mask(str(value))
    return masked_url(value) if isinstance(value, str) else value


def readable(body: bytes, content_type: str = "") -> Any:
    """A body as JSON where it is JSON, else as text; None where there is none. Masked."""
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return masked_json(json.loads(text))
    except (ValueError, RecursionError):
        pass
    is_form = "x-www-form-urlencoded" in content_type and "=" in text
    if is_form and not text.lstrip().startswith(("{", "[")):
        return masked_form(text)
    # Its fields cannot be distinguished.
    return f"{HIDDEN} ({len(body)} bytes that name a secret)" if _names_secret(text) else text


def _names_secret(text: str) -> bool:
    return any(is_secret(word) for word in re.findall(r"[\w-]+", text))
