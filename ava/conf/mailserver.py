"""SMTP account in a URL: `smtp+starttls://user:password@host:587/?from=ava@example.com`."""

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

PARTS = ("host", "port", "security", "username", "password", "from_email")
_SCHEMES = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}

USAGE = (
    "an SMTP account such as smtp+starttls://user:password@mail.example.com:587/"
    "?from=ava@example.com, with smtps:// for TLS from the start, smtp:// for none, and the user "
    "and password percent-encoded"
)


def parse(url: str) -> Mapping[str, str]:
    """The parts of the account; user and password are empty where the server asks for none.
    Raises: ValueError."""
    try:
        parts = urlsplit(url)
        security, default = _SCHEMES[parts.scheme]
        port = parts.port or default
    except (KeyError, ValueError):
        raise ValueError(USAGE) from None
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    sender = parse_qs(parts.query).get("from", [username])[-1]
    is_address = "@" in sender and sender.isprintable() and not set(sender) & set(" <>,;\"'")
    if not parts.hostname or parts.path not in ("", "/") or not is_address:
        raise ValueError(USAGE)
    if bool(username) != bool(password):
        raise ValueError(USAGE)
    values = (parts.hostname, str(port), security, username, password, sender)
    return dict(zip(PARTS, values, strict=True))
