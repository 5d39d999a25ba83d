"""Doctor on the public address, proxies and providers."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from ava.accounts import services as accounts
from ava.accounts.models import Session
from ava.http import correlation
from integrations.doctor import network
from integrations.doctor.asking import Reply, ask_all
from integrations.doctor.tests.conftest import Examine
from sandbox.server import Sandbox

AVA = "https://ava.example.com"
WEBHOOK = f"{AVA}/api/v1/webhooks/vapi"
METRICS = f"{AVA}/metrics"


@pytest.fixture
def public(settings: Any) -> None:
    settings.PUBLIC_URL, settings.PUBLIC_PREFIX = AVA, ""


def test_without_a_public_address_production_needs_one(examine: Examine, settings: Any) -> None:
    settings.PUBLIC_URL = None
    assert examine(network.public_address)[0][0] == "cannot tell"
    settings.PRODUCTION = True
    ((verdict, sentence),) = examine(network.public_address)
    assert verdict == "needs attention"
    assert sentence.endswith("Set it to the https address of AVA.")


@pytest.mark.parametrize(
    ("reply", "verdict", "words"),
    [
        (Reply(405, correlation_id="examined"), "good", "Webhooks arrive"),
        (Reply(405), "needs attention", "it is not AVA's webhook"),
        (Reply(404, correlation_id="examined"), "needs attention", "answers with 404"),
        (Reply(301, location=WEBHOOK), "needs attention", "X-Forwarded-Proto"),
        (Reply(302, location="https://x.example"), "needs attention", "is redirected"),
        ("certificate refused (expired)", "needs attention", "Providers refuse it, too"),
        ("deadline", "cannot tell", "no answer from here (deadline)"),
    ],
)
def test_the_public_address_leads_to_avas_webhooks(
    examine: Examine, public: None, reply: Any, verdict: str, words: str
) -> None:
    ((found, sentence),) = examine(network.public_address, replies={WEBHOOK: reply})
    assert found == verdict
    assert words in sentence


def test_an_address_that_anybody_may_write_is_found(examine: Examine, public: None) -> None:
    ((verdict, sentence),) = examine(network.proxies, replies={METRICS: Reply(200)})
    assert verdict == "needs attention"
    assert "X-Forwarded-For" in sentence
    assert examine(network.proxies, replies={METRICS: Reply(404)})[0][0] == "good"


def test_avas_own_metrics_tell_whether_a_header_is_believed(client: Any, settings: Any) -> None:
    def status(hops: int, forwarded: str) -> int:
        settings.TRUSTED_PROXIES = hops
        found = client.get("/metrics", headers={"X-Forwarded-For": forwarded})
        return int(found.status_code)

    assert status(1, "127.0.0.1, 203.0.113.9") == 404, "a proxy that appends, and is counted"
    assert status(2, "127.0.0.1, 203.0.113.9") == 200, "one proxy too many is believed"
    assert status(1, "127.0.0.1") == 200, "a proxy that passes on what the client wrote"


def test_logins_that_all_come_from_the_proxy_need_attention(
    examine: Examine, public: None, user: User, settings: Any
) -> None:
    settings.METRICS_TOKEN = "token"
    assert examine(network.proxies)[0][0] == "cannot tell"
    for _ in range(network.LOGINS):
        accounts.open_session(user=user)
    Session.objects.update(network="10.0.0.5")
    ((verdict, sentence),) = examine(network.proxies)
    assert verdict == "needs attention"
    assert "10.0.0.5" in sentence
    Session.objects.update(network="8.8.8.8")
    assert examine(network.proxies)[0][0] == "good"


def test_providers_that_answer_are_good(examine: Examine, sandbox: Sandbox) -> None:
    said = examine(network.providers, replies=ask_all(network.addresses()))
    assert {verdict for verdict, _ in said} == {"good"}
    assert len(said) == 5


def test_a_provider_that_hangs_hangs_nothing_and_is_named(
    examine: Examine, sandbox: Sandbox
) -> None:
    order = {"provider": "vapi", "kind": "hang"}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5).ok
    started = time.monotonic()
    said = examine(network.providers, replies=ask_all(network.addresses(), seconds=0.5))
    assert time.monotonic() - started < 2
    (hanging,) = [sentence for verdict, sentence in said if verdict == "needs attention"]
    assert "/vapi cannot be reached: no answer within 0.5 s." in hanging


def test_a_provider_that_is_down_or_refuses_connections_is_named(
    examine: Examine, sandbox: Sandbox, settings: Any
) -> None:
    order = {"provider": "vapi", "kind": "status", "status": 503}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5).ok
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1/twilio"
    said = examine(network.providers, replies=ask_all(network.addresses()))
    wrong = " ".join(sentence for verdict, sentence in said if verdict == "needs attention")
    assert "/vapi answers with 503" in wrong
    assert "/twilio cannot be reached" in wrong


def test_everything_is_asked_under_the_correlation_id_of_the_run(sandbox: Sandbox) -> None:
    with correlation.bind("doctors-run"):
        ask_all(network.addresses())
    (arrived,) = sandbox.requests("vapi")
    assert arrived.headers["x-correlation-id"] == "doctors-run"


def test_the_date_of_an_answer_is_compared_with_the_clock(sandbox: Sandbox) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    order = {"provider": "vapi", "kind": "status", "status": 404, "headers": {"Date": date}}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5).ok
    (reply,) = ask_all([(f"{sandbox.url}/vapi", {})]).values()
    assert isinstance(reply, Reply)
    assert reply.ahead == pytest.approx(3600, abs=5)
