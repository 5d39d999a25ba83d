"""A day of AVA in less than a minute, seen by a real Prometheus: every panel, every count.

Two workers, traffic, a message with its webhooks and jobs, forged webhooks, an outage with
recovery, a client that asks too much; in the end AVA stops. How long an alert waits is tested in
infrastructure/prometheus/alerts.test.yml; here its expression meets the real metrics.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
import requests

from tests import dashboards
from tests.prometheus import TOKEN, Prometheus
from tests.redis import RedisServer
from tests.server import RunningAva, until
from tests.test_alerts import ALERTS, DIRECTORY

pytestmark = pytest.mark.slow

RECOVERY_SECONDS = 4
SETTINGS = "/vapi/settings"
FRESH = {"Cache-Control": "no-cache"}
FORGED = 12
# All that was scraped lies within it.
WINDOW = "20m"


@dataclass
class Day:
    """What the script did, as it saw it itself."""

    prometheus: Prometheus
    statuses: list[int] = field(default_factory=list)
    unreachable: int = 0
    refused_by_breaker: int = 0
    too_many: int = 0
    outage_seconds: float = 0.0
    alerts: dict[str, set[str]] = field(default_factory=dict)
    panels: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def alerts_now(self) -> set[str]:
        return {name for name, rule in ALERTS.items() if self.prometheus.query(rule["expr"])}

    def panel(self, title: str) -> list[float]:
        """The values of a panel's queries."""
        found = [values for (_, panel, _), values in self.panels.items() if panel == title]
        return [value for values in found for value in values]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    data_dir = tmp_path_factory.mktemp("day") / "var"
    environment = {
        "WEB_CONCURRENCY": "2",
        "CIRCUIT_BREAKER_RECOVERY_TIMEOUT": str(RECOVERY_SECONDS),
        "AVA_METRICS_TOKEN": TOKEN,
        "MICROSOFT_CLIENT_SECRET_EXPIRES": (date.today() + timedelta(days=10)).isoformat(),
    }
    with RedisServer(timeout=5) as redis:
        ava = RunningAva(data_dir, REDIS_URL=redis.url, **environment)
        with ava, Prometheus(f"127.0.0.1:{ava.port}", DIRECTORY / "alerts.yml") as prometheus:
            day = Day(prometheus)
            until(lambda: len(ava.workers()) == 2)
            # From here on every first event is seen as a change.
            until(lambda: prometheus.values("up") == [1])
            day.alerts["night"] = day.alerts_now()
            _morning(ava, day)
            _outage(ava, day)
            _rush(ava, day)
            _settled(ava, day)
            for at, title, expression in dashboards.queries():
                asked = dashboards.filled_in(expression, span=WINDOW, interval=WINDOW)
                day.panels[at, title, expression] = prometheus.values(asked)
            day.alerts["evening"] = day.alerts_now()
            ava.stop()
            until(lambda: prometheus.values("up") == [0])
            day.alerts["stopped"] = day.alerts_now()
            yield day


def _ask(ava: RunningAva, day: Day, **options: object) -> requests.Response:
    answer = ava.call("GET", SETTINGS, **options)
    day.statuses.append(answer.status_code)
    return answer


def _morning(ava: RunningAva, day: Day) -> None:
    """Traffic over some scrapes, a message whose reports arrive, and forged ones."""
    ava.login()
    for _ in range(4):
        for _ in range(10):
            _ask(ava, day)
        _ask(ava, day, headers=FRESH)
        _scraped(day)
    body = {"from": "+15005550006", "to": "+14155550123", "body": "Good morning"}
    placed = ava.call("POST", "/twilio/messages", json=body)
    assert placed.status_code == 201, placed.text
    path = f"/twilio/messages/{placed.json()['id']}"
    until(lambda: ava.call("GET", path).json()["status"] == "delivered")
    hook = f"{ava.url}/api/v1/webhooks/twilio/message-status"
    for number in range(FORGED):
        answer = requests.post(hook, data={"MessageSid": f"SM{number}"}, timeout=30)
        assert answer.status_code == 403
        if number == 0:
            _scraped(day)  # the series of an endpoint's errors exists from its first one on


def _outage(ava: RunningAva, day: Day) -> None:
    ava.fault(provider="vapi", kind="status", status=500)
    began = asked = time.monotonic()
    while _ask(ava, day, headers=FRESH).status_code == 502:
        day.unreachable += 1
        began, asked = asked, time.monotonic()
    day.refused_by_breaker += 1
    until(lambda: day.prometheus.values('circuit_breaker_state{service="vapi"}') == [2])
    day.alerts["outage"] = day.alerts_now()
    ava.heal()

    def answered() -> bool:
        status = _ask(ava, day, headers=FRESH).status_code
        day.refused_by_breaker += status == 503
        time.sleep(0.5)
        return status == 200

    until(answered)
    until(answered)  # two successes close it
    day.outage_seconds = time.monotonic() - began
    until(lambda: day.prometheus.values('circuit_breaker_state{service="vapi"}') == [0])


def _rush(ava: RunningAva, day: Day) -> None:
    """A loop that sends test mails, of which AVA sends five a minute."""
    mail = {"to": "me@example.com", "subject": "A test", "text": "Hello"}
    answers = [ava.call("POST", "/integrations/email/test", json=mail) for _ in range(120)]
    day.too_many = sum(answer.status_code == 429 for answer in answers)
    assert day.too_many > 100


def _settled(ava: RunningAva, day: Day) -> None:
    """Wait until a scrape has seen all that happened."""
    for _ in range(3):
        _ask(ava, day)
        _scraped(day)
    refusals = 'sum(ava_rate_limit_refusals_total{group="email_test"})'
    until(lambda: day.prometheus.values(refusals) == [day.too_many])


def _scraped(day: Day) -> None:
    """Wait for a scrape that began after this."""
    scrapes = "count_over_time(up[20m])"
    before = day.prometheus.value(scrapes)
    # The first one may be under way.
    until(lambda: day.prometheus.value(scrapes) >= before + 2)


def test_every_query_of_every_panel_returns_data(day: Day) -> None:
    empty = [
        where
        for where, values in day.panels.items()
        if not values or not any(math.isfinite(value) for value in values)
    ]
    assert empty == []


def test_the_breaker_was_seen_to_open_and_to_recover_once(day: Day) -> None:
    assert day.panel("Opens (24 h)") == [1]
    assert day.panel("Recoveries (24 h)") == [1]
    assert set(day.panel("Circuit breaker state")) == {0}
    assert 0 < max(day.panel("Failure rate by service")) < 1


def test_the_time_of_recovery_is_that_of_the_outage(day: Day) -> None:
    for title in ("Mean recovery time (24 h)", "MTTR (7 d)"):
        [seconds] = day.panel(title)
        assert RECOVERY_SECONDS <= seconds <= day.outage_seconds
    [rate] = day.panel("Open rate (24 h)")
    assert 0 < rate < 1


def test_the_health_score_is_the_share_of_operations_that_got_an_answer(day: Day) -> None:
    total = sum(
        day.prometheus.value(f"sum(max_over_time({name}[{WINDOW}]))")
        for name in ("ava_provider_request_duration_seconds_count", "ava_breaker_refusals_total")
    )
    failed = day.unreachable + day.refused_by_breaker
    [score] = day.panel("Health score (1 h)")
    assert score == pytest.approx(100 * (1 - failed / total), abs=1)


def test_refusals_and_failures_are_counted_exactly(day: Day) -> None:
    def counted(series: str) -> float:
        return day.prometheus.value(f"sum(max_over_time({series}[{WINDOW}]))")

    # What Prometheus adds to reach the ends of the window.
    assert sum(day.panel("Rate-limit hits")) == pytest.approx(day.too_many, rel=0.1)
    assert day.unreachable == 3
    assert counted('circuit_breaker_failures_total{service="vapi"}') == day.unreachable
    assert counted("ava_breaker_refusals_total") == day.refused_by_breaker
    assert counted('ava_error_responses_total{code="rate_limited"}') == day.too_many
    assert counted('ava_error_responses_total{code="webhook_forged"}') == FORGED
    assert counted('ava_error_responses_total{status="502"}') == day.statuses.count(502)
    assert counted('ava_error_responses_total{status="503"}') == day.statuses.count(503)
    assert counted("ava_responses_without_correlation_id_total") == 0
    answers = 'django_http_responses_total_by_status_view_method_total{view="vapi-settings"}'
    assert counted(answers) == len(day.statuses)
    assert counted('ava_webhooks_total{outcome="accepted"}') >= 1
    assert counted('ava_jobs_total{outcome="done"}') >= 1


def test_rates_shares_and_times_are_plausible(day: Day) -> None:
    assert day.panel("Error budget left (99.9 %, 30 d)") == [1]
    [reuse] = day.panel("Connection reuse")
    assert 0 < reuse <= 1
    # Most of the day's answers were refusals of the loop.
    for title, most in (("5xx rate", 0.5), ("4xx rate", 1.0)):
        [share] = day.panel(title)
        assert 0 < share <= most
    p50, p95, p99 = (day.panel(f"Latency p{q}")[0] for q in (50, 95, 99))
    assert 0 < p50 <= p95 <= p99 <= 10


def test_alerts_are_true_when_they_should_be_and_only_then(day: Day) -> None:
    always = {"AvaClientSecretExpires"}
    # A busy machine may miss a scrape.
    assert day.alerts["night"] - {"AvaDown"} == always
    assert day.alerts["outage"] >= always | {"AvaBreakerOpen", "AvaErrorRate", "AvaWebhooksForged"}
    assert "AvaBreakerOpen" not in day.alerts["evening"]
    assert "AvaRateLimitRefusals" not in day.alerts["outage"]
    assert "AvaRateLimitRefusals" in day.alerts["evening"]
    assert "AvaDown" in day.alerts["stopped"]
    never = {"AvaJobsBacklog", "AvaJobsGivenUp", "AvaResponsesWithoutCorrelationId"}
    assert not never & set().union(*day.alerts.values())
