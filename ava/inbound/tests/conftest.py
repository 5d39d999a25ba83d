"""A made-up provider whose webhooks come through the real door."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from ava.http.problems import MalformedRequest
from ava.inbound import door, services
from ava.inbound.models import Delivery
from ava.inbound.signatures import hmac_matches
from ava.inbound.source import InvalidSignature, Proof, Verified, WebhookRequest
from ava.upstream import parse_json

SECRET = b"a secret of the provider"
ADDRESS = "/hooks/acme"


class Acme:
    """Signs its body with SHA-256; answers with TwiML-like text when the body asks for it."""

    provider = "acme"
    kind = "calls"

    def verify(self, received: WebhookRequest) -> Proof:
        if not hmac_matches(received.headers.get("X-Signature"), received.raw, secret=SECRET):
            raise InvalidSignature("The signature is wrong.", {"account": "…1234"})
        try:
            body = parse_json(received.raw)
            owner = User.objects.filter(username=body.get("owner", "")).first()
            content = Verified(body["id"], body.get("event", ""), body, body.get("cid"))
        except (ValueError, KeyError, AttributeError) as fault:
            raise MalformedRequest("The body is no JSON that AVA knows.") from fault
        return owner, lambda: content

    def reply(self, delivery: Delivery) -> HttpResponse | None:
        said = delivery.payload.get("say")
        return HttpResponse(f"<Say>{said}</Say>", content_type="text/xml") if said else None


urlpatterns = [path(ADDRESS[1:], door.view(Acme()))]


@pytest.fixture(autouse=True)
def acme(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    registered = dict(services.handlers)
    yield
    services.handlers.clear()
    services.handlers.update(registered)


def signature(raw: bytes) -> str:
    return hmac.new(SECRET, raw, hashlib.sha256).hexdigest()


def send(body: Any, *, signed: str | None = None, **extra: Any) -> Any:
    """What the provider sends; `signed` instead of the right signature."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-Signature": signature(raw) if signed is None else signed, **extra}
    return Client().post(ADDRESS, raw, content_type="application/json", headers=headers)
