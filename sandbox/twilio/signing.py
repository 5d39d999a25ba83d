"""Twilio's signed requests (https://www.twilio.com/docs/usage/security#validating-requests)."""

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.phones import PhoneNetwork
from sandbox.phones.http_client import Reply, UnansweredError, UnreachableError
from sandbox.twilio.seed import AUTH_TOKEN

Params = Sequence[tuple[str, str]]

# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CONNECT_MS, READ_MS, RETRIES, MOST_RETRIES = 5000, 15000, 1, 5


def signature(token: str, url: str, params: Params = ()) -> str:
    """X-Twilio-Signature: the URL and each POST parameter, sorted and without doublets."""
    text = url + "".join(name + value for name, value in sorted(set(params)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True)
class Overrides:
    """Connection overrides from a URL's fragment, such as `#rc=3&rp=ct,5xx`."""

    connect_s: float = CONNECT_MS / 1000
    read_s: float = READ_MS / 1000
    retries: int = RETRIES
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def from_fragment(cls, fragment: str) -> "Overrides":
        """Overrides of a fragment, with Twilio's defaults for the rest."""
        said = dict(parse_qsl(fragment))

        def whole(name: str, default: int, low: int, high: int) -> int:
            text = said.get(name, "")
            return min(max(int(text), low), high) if re.fullmatch(r"[0-9]{1,6}", text) else default

        return cls(
            whole("ct", CONNECT_MS, 100, 10_000) / 1000,
            whole("rt", READ_MS, 100, 15_000) / 1000,
            whole("rc", RETRIES, 0, MOST_RETRIES),
            frozenset(said.get("rp", "ct").split(",")),
        )

    def retries_after(self, outcome: str) -> bool:
        """Whether to try again after `outcome`: ct, rt, 4xx or 5xx."""
        return bool({outcome, "all"} & self.policy)


def idempotency_token() -> str:
    """A value for I-Twilio-Idempotency-Token, the same in a request and its retries."""
    return str(uuid.uuid4())


def request(
    network: PhoneNetwork, method: str, url: str, params: Params, token: str | None = None
) -> Reply | None:
    """Ask an app as Twilio does, and again as the URL's fragment says.

    Args:
        token: its idempotency token, if it may be asked more than once.
    Returns: the last answer, or None when none came.
    """
    parts = urlsplit(url)
    how = Overrides.from_fragment(parts.fragment)
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": token or idempotency_token(),
    }
    body = b""
    if method == "GET":
        query = "&".join(part for part in (parts.query, urlencode(list(params))) if part)
        target = urlunsplit(parts._replace(query=query, fragment=""))
        headers["X-Twilio-Signature"] = signature(AUTH_TOKEN, target)
    else:
        target = urlunsplit(parts._replace(fragment=""))
        body = urlencode(list(params)).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        headers["X-Twilio-Signature"] = signature(AUTH_TOKEN, target, params)
    for tries_left in range(how.retries, -1, -1):
        reply, outcome = _send_once(network, method, target, headers, body, how)
        if not tries_left or not how.retries_after(outcome):
            return reply
    return None


def _send_once(
    network: PhoneNetwork,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    how: Overrides,
) -> tuple[Reply | None, str]:
    try:
        reply = network.send_request(
            method, url, headers, body, connect_s=how.connect_s, read_s=how.read_s
        )
    except UnreachableError:
        return None, "ct"
    except UnansweredError:
        return None, "rt"
    return reply, f"{reply.status // 100}xx"
