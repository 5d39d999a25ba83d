"""Account that an ID token names, for people to recognise.

The token comes from the provider itself over TLS, which stands for its signature (OpenID Connect
Core 1.0, 3.1.3.7), and it decides nothing.
"""

import base64
from typing import Any

from ava.upstream import parse_json

MOST = 254


def account_of(id_token: Any) -> str:
    """The address in an ID token; empty where it names none."""
    try:
        payload = str(id_token).split(".")[1]
        claims = parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        named = claims.get("email") or claims.get("preferred_username")
    except (IndexError, ValueError, AttributeError):
        return ""
    return named[:MOST] if isinstance(named, str) and named.isprintable() else ""
