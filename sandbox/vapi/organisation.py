"""Vapi's organisation: its server, and the credential that authenticates webhooks to it.

https://docs.vapi.ai/server-url/server-authentication; HMACAuthenticationPlan's defaults.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sandbox.control_input import Check, InvalidInputError, one_of, parse_fields
from sandbox.phones.http_client import is_url

SCHEMES = ("none", "secret", "bearer", "hmac")


def _url(value: Any) -> str | None:
    return None if isinstance(value, str) and is_url(value) else "must be an http URL"


def _secret(value: Any) -> str | None:
    fits = isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]{1,256}", value)
    return None if fits else "must be 1 to 256 printable characters without spaces"


_FIELDS: dict[str, Check] = {"url": _url, "scheme": one_of(*SCHEMES), "secret": _secret}


@dataclass(frozen=True)
class Organisation:
    """Settings of the dashboard: a server for calls and numbers without one, and a credential.

    `scheme` authenticates every webhook, beside the headers of a server object.
    """

    url: str | None = None
    scheme: str = "none"
    secret: str = ""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """From JSON. Raises: InvalidInputError."""
        made = cls(**parse_fields(value, _FIELDS, required=()))
        if (made.scheme == "none") != (not made.secret):
            raise InvalidInputError("secret belongs to a scheme, and a scheme needs it.")
        return made

    def auth_headers(self, body: bytes) -> Mapping[str, str]:
        """Headers that authenticate `body`."""
        match self.scheme:
            case "secret":
                return {"X-Vapi-Secret": self.secret}
            case "bearer":
                return {"Authorization": f"Bearer {self.secret}"}
            case "hmac":
                stamp = str(int(time.time()))
                signed = f"{stamp}.".encode() + body
                digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
                return {"x-timestamp": stamp, "x-signature": digest}
        return {}
