"""Webhooks as Twilio signs them, and as they arrive behind proxies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

from ava.inbound.models import Delivery, Refusal
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import HOOKS, OURS, THEIRS
from telephony.twilio import signatures

PUBLIC = "https://ava.example.com"
PATH = f"{HOOKS}/message"
FORM_TYPE = "application/x-www-form-urlencoded"
MESSAGE = {
    "AccountSid": ACCOUNT_SID,
    "MessageSid": "SM1",
    "SmsStatus": "received",
    "From": THEIRS,
    "To": OURS,
    "Body": "Two words\nand Grüße",
    "FromCity": "",
}
FORM = tuple(MESSAGE.items())


@dataclass(frozen=True)
class Webhook:
    """What Twilio signs and what reaches AVA.

    Args:
        base: what Twilio has before the path.
        sent: path and query as Twilio has them.
        arrives: path and query as AVA sees them; None: the same.
        body: as AVA sees it; None: the form.
    """

    base: str = PUBLIC
    sent: str = PATH
    arrives: str | None = None
    form: Sequence[tuple[str, str]] = FORM
    body: bytes | None = None
    content_type: str = FORM_TYPE
    token: str = AUTH_TOKEN

    def send(self, proxies: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Send it through so many proxies, the last of which calls AVA by an address inside.

        Args:
            headers: beside those of the proxies; an empty value takes one of theirs away.
        """
        signature = signatures.sign(self.token, self.base + self.sent, self.form)
        body = urlencode(list(self.form)).encode() if self.body is None else self.body
        said = {**forwarded(self.base, proxies), signatures.HEADER: signature, **(headers or {})}
        answer: HttpResponse = Client().post(
            self.sent if self.arrives is None else self.arrives,
            body,
            content_type=self.content_type,
            headers={name: value for name, value in said.items() if value},
        )
        return answer


def forwarded(base: str, proxies: int) -> dict[str, str]:
    """What the proxies say of the address at which the outermost was called."""
    if not proxies:
        return {"Host": urlsplit(base).netloc}
    parts = urlsplit(base)
    inner = [f"proxy-{n}.internal:8080" for n in range(1, proxies)]
    clients = ["54.172.60.1", *(f"10.0.0.{n}" for n in range(1, proxies))]
    return {
        "Host": "10.0.0.5:8000",
        "X-Forwarded-Proto": ", ".join([parts.scheme, *("http" for _ in inner)]),
        "X-Forwarded-Host": ", ".join([parts.netloc, *inner]),
        "X-Forwarded-For": ", ".join(clients),
    }


def refused(answer: Any) -> str:
    """The operator's explanation of a webhook, which was refused."""
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert not Delivery.objects.exists()
    out = StringIO()
    call_command("explain_webhook", answer["X-Correlation-ID"], stdout=out)
    assert AUTH_TOKEN not in out.getvalue()
    assert AUTH_TOKEN not in str(list(Refusal.objects.values()))
    return out.getvalue()


def is_unknown(said: str) -> bool:
    return "with another token, or for another address" in said
