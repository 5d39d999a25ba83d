"""Verification behind one proxy and two: Twilio's documented vector passes; forged, replayed and
truncated webhooks, and those of another scheme or port, do not."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches, path
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from ava.inbound import door
from ava.inbound.models import Delivery
from ava.inbound.source import InvalidSignature, Proof, Verified, WebhookRequest
from sandbox.server import Sandbox
from telephony.conftest import HOOKS, MESSAGES, OURS, THEIRS, run_jobs
from telephony.incoming.tests.proxies import (
    FORM,
    FORM_TYPE,
    MESSAGE,
    PATH,
    PUBLIC,
    Webhook,
    forwarded,
)
from telephony.twilio import signatures

# https://www.twilio.com/docs/usage/security, "Validating requests"
DOCUMENTED = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


class Documented:
    """The webhook of the example, which names no account: its token is known."""

    provider, kind = "twilio", "documented"

    def verify(self, received: WebhookRequest) -> Proof:
        given = received.headers.get(signatures.HEADER)
        if not signatures.is_signed(
            given, tokens=["12345"], urls=received.urls, form=received.form, raw=received.raw
        ):
            raise InvalidSignature("It does not fit.")
        return None, lambda: Verified(dict(received.form)["CallSid"], "", {})

    def reply(self, delivery: Delivery) -> None:
        return None


urlpatterns = [path("myapp.php", door.view(Documented()))]


@pytest.fixture(params=["forwarded", "set"])
def public(request: pytest.FixtureRequest, proxies: int, settings: Any) -> bool:
    """Whether AVA's address is set, or forwarded by the proxies."""
    if request.param == "forwarded":
        settings.PUBLIC_URL = None
    return bool(settings.PUBLIC_URL)


def documented(proxies: int, address: str, signature: str = SIGNATURE) -> HttpResponse:
    base, query = address.split("/myapp.php")
    answer: HttpResponse = Client().post(
        f"/myapp.php{query}",
        urlencode(DOCUMENTED),
        content_type=FORM_TYPE,
        headers={**forwarded(base, proxies), signatures.HEADER: signature},
    )
    return answer


def test_the_documented_vector_passes(proxies: int, settings: Any, db: None) -> None:
    settings.ROOT_URLCONF = __name__
    clear_url_caches()
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    for settings.PUBLIC_URL in (None, "https://mycompany.com"):
        assert documented(proxies, address).status_code == 204
        assert documented(proxies, address, SIGNATURE[:-2] + "9=").status_code == 403
        assert documented(proxies, address[:-1]).status_code == 403
    settings.PUBLIC_URL = "http://mycompany.com"
    assert documented(proxies, address).status_code == 403


@pytest.mark.parametrize("token", ["", "guessed", "twilio-demo-toke", "twilio-demo-token "])
def test_a_forged_webhook_is_refused(
    public: bool, proxies: int, twilio_user: User, token: str
) -> None:
    assert Webhook(token=token).send(proxies).status_code == 403
    assert Webhook().send(proxies, {signatures.HEADER: ""}).status_code == 403
    assert not Delivery.objects.exists()


def test_a_webhook_that_was_cut_anywhere_is_refused(
    public: bool, proxies: int, twilio_user: User
) -> None:
    whole = urlencode(FORM).encode()
    # An empty last field takes nothing with it, where its name and its sign of equality stand.
    for end in range(0, len(whole), 7):
        assert Webhook(body=whole[:end]).send(proxies).status_code == 403
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "base",
    [
        "http://ava.example.com",
        "https://ava.example.com:8443",
        "https://ava.example.com:80",
        "http://ava.example.com:443",
        "https://other.example.com",
        "http://proxy-1.internal:8080",
        "http://10.0.0.5:8000",
    ],
)
def test_another_scheme_host_or_port_is_refused(
    public: bool, proxies: int, twilio_user: User, base: str
) -> None:
    sent = forwarded(PUBLIC, proxies)
    assert Webhook(base).send(proxies, sent).status_code == 403
    assert Webhook().send(proxies, sent).status_code == 200


def test_what_the_sender_says_of_the_address_is_not_believed(
    public: bool, proxies: int, twilio_user: User
) -> None:
    sent = forwarded(PUBLIC, proxies)
    for name in ("X-Forwarded-Proto", "X-Forwarded-Host"):
        sent[name] = f"{forwarded('http://evil.example.com', 1)[name]}, {sent[name]}"
    assert Webhook("http://evil.example.com").send(proxies, sent).status_code == 403
    assert Webhook().send(proxies, sent).status_code == 200


def test_a_replayed_webhook_is_acknowledged_and_changes_nothing(
    public: bool, proxies: int, twilio_user: User, api: APIClient, sandbox: Sandbox
) -> None:
    labels = {"provider": "twilio", "kind": "message", "outcome": "duplicate"}
    before = REGISTRY.get_sample_value("ava_webhooks_total", labels) or 0.0
    stop = Webhook(form=[*{**MESSAGE, "Body": "STOP"}.items()])
    start = Webhook(form=[*{**MESSAGE, "MessageSid": "SM2", "Body": "START"}.items()])
    for webhook in (stop, start, stop):
        assert webhook.send(proxies).status_code == 200
        run_jobs()
    assert Delivery.objects.count() == 2
    assert REGISTRY.get_sample_value("ava_webhooks_total", labels) == before + 1
    # The old STOP does not come back.
    wanted = {"to": THEIRS, "from": OURS, "body": "News"}
    assert api.post(MESSAGES, wanted).status_code == 201


@pytest.mark.parametrize(
    "arrives",
    [f"{HOOKS}/voice", f"{HOOKS}/message-status", f"{PATH}?call=1", f"{PATH}?", f"{PATH}/"],
)
def test_a_webhook_that_is_replayed_to_another_address_is_refused(
    public: bool, proxies: int, twilio_user: User, arrives: str
) -> None:
    status = replace(Webhook(), arrives=arrives).send(proxies).status_code
    # A bare question mark is no other address, and no further webhook either.
    assert status == (404 if arrives.endswith("/") else 200 if arrives.endswith("?") else 403)
