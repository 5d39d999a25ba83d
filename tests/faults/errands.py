"""Errands of clients: the mix that is asked of AVA, each write with a mark that is wanted once."""

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.twilio.signing import signature

OURS, PERSON = "+15005550006", "+15005550010"
API = "/api/v1"
SETTINGS, KEYS = "/vapi/settings", 6
MESSAGE_HOOK = f"{API}/webhooks/twilio/message"
MAILS = "/integrations/email/messages"
PAGES = ("/", "/calls", "/messages", "/activity")
SHARES = {
    "liveness": 5,
    "cached read": 35,
    "list": 12,
    "page": 8,
    "webhook": 20,
    "message": 7,
    "call": 5,
    "mail": 5,
    "edit": 3,
}
"""Of a hundred. Jobs follow from webhooks; calls and messages bring callbacks with them."""


@dataclass(frozen=True)
class Errand:
    """One thing that a client wants.

    Attributes:
        mark: by which a write is found again; empty: a read.
        lane: of errands that go one after the other, in the order of their marks.
        as_: who asks: a program with a token, a browser, a provider.
    """

    kind: str
    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    mark: str = ""
    lane: str = ""
    as_: str = "program"


def mixed(url: str, seed: int) -> Iterator[Errand]:
    """Errands without end.

    Args:
        url: of AVA, which webhooks' signatures are over.
    """
    chance, number = random.Random(seed), itertools.count(1)
    kinds, shares = [*SHARES], [*SHARES.values()]
    while True:
        kind = chance.choices(kinds, shares)[0]
        yield _errand(kind, next(number), url)


def _errand(kind: str, n: int, url: str) -> Errand:
    match kind:
        case "liveness":
            return Errand(kind, "GET", "/healthz", as_="provider")
        case "cached read":
            return Errand(kind, "GET", API + SETTINGS)
        case "list":
            return Errand(kind, "GET", f"{API}/twilio/messages?limit=20")
        case "page":
            return Errand(kind, "GET", PAGES[n % len(PAGES)], as_="browser")
        case "webhook":
            return _incoming(n, url)
        case "edit":
            key = f"soak_{n % KEYS}"
            return _write(kind, "PUT", f"{SETTINGS}/{key}", f"{key}={n}", {"value": n}, key)
        case "mail":
            mark = f"soak-{n}@example.org"
            mail = {"to": [mark], "subject": f"For {mark}", "text": "Hello."}
            return _write(kind, "POST", MAILS, mark, mail)
    mark = f"+1415{5_550_000 + n}"
    said = {"say": "Hello"} if kind == "call" else {"body": f"Hello {n}"}
    return _write(kind, "POST", f"/twilio/{kind}s", mark, {"to": mark, "from": OURS, **said})


def _write(
    kind: str, method: str, path: str, mark: str, body: dict[str, Any], lane: str = ""
) -> Errand:
    headers = {"Content-Type": "application/json"}
    if method == "POST":
        headers["Idempotency-Key"] = mark
    return Errand(kind, method, API + path, json.dumps(body).encode(), headers, mark, lane)


def _incoming(n: int, url: str) -> Errand:
    """A message that comes in, as Twilio signs it."""
    mark = f"SM{n:032x}"
    form = (
        ("AccountSid", ACCOUNT_SID),
        ("MessageSid", mark),
        ("SmsStatus", "received"),
        ("From", PERSON),
        ("To", OURS),
        ("Body", f"number {n}"),
    )
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature(AUTH_TOKEN, url + MESSAGE_HOOK, form),
    }
    body = urlencode(form).encode()
    return Errand("webhook", "POST", MESSAGE_HOOK, body, headers, mark, as_="provider")
