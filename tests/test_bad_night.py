"""A bad night of AVA, seen by a real Prometheus: jobs pile up or fail, calendars get no new tokens.

How long an alert waits is tested in infrastructure/prometheus/alerts.test.yml; here its expression
meets the real metrics.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.prometheus import TOKEN, Prometheus
from tests.server import RunningAva, until
from tests.test_alerts import ALERTS, DIRECTORY
from tests.test_calendar_walk import WEEK, connect

pytestmark = pytest.mark.slow

EVENTS = "/integrations/calendar/google/events"
MESSAGES = 110
REFRESHES, SLOW = 7, 10


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("night") / "var"


@pytest.fixture(scope="module")
def ava(data_dir: Path) -> Iterator[RunningAva]:
    environment = {
        "AVA_METRICS_TOKEN": TOKEN,
        "CIRCUIT_BREAKER_ENABLED": "0",
        "RATE_LIMIT_PER_MINUTE": "100000",
    }
    with RunningAva(data_dir, **environment) as running:
        yield running.login()


@pytest.fixture(scope="module")
def prometheus(ava: RunningAva) -> Iterator[Prometheus]:
    with Prometheus(f"127.0.0.1:{ava.port}", DIRECTORY / "alerts.yml") as running:
        until(lambda: running.values("up") == [1])
        yield running


def fires(prometheus: Prometheus, alert: str) -> bool:
    return bool(prometheus.query(ALERTS[alert]["expr"]))


def test_refreshes_that_fail_again_and_again_are_an_alert(
    ava: RunningAva, prometheus: Prometheus
) -> None:
    connect(ava, "google")
    assert not fires(prometheus, "AvaTokenRefreshFailures")
    ava.order("oauth", provider="google", do="expire")
    ava.fault(provider="google", kind="status", status=503, match="POST /token")
    for _ in range(REFRESHES):
        assert ava.call("GET", EVENTS, params=WEEK).status_code == 502
    until(lambda: fires(prometheus, "AvaTokenRefreshFailures"))
    ava.heal()
    assert ava.call("GET", EVENTS, params=WEEK).status_code == 200


def test_slow_answers_are_an_alert(ava: RunningAva, prometheus: Prometheus) -> None:
    assert not fires(prometheus, "AvaSlow")
    ava.fault(provider="vapi", kind="slow", delay_ms=700)
    for _ in range(SLOW):
        assert ava.call("GET", "/vapi/settings", headers={"Cache-Control": "no-cache"}).ok
    ava.heal()
    until(lambda: fires(prometheus, "AvaSlow"))


def test_jobs_that_pile_up_are_an_alert_until_they_are_done(
    ava: RunningAva, prometheus: Prometheus
) -> None:
    ava.fault(provider="twilio", kind="hang", match="POST /2010-04-01/Accounts")
    soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    body = {"from": "+15005550006", "to": "+14155550123", "body": "Good night", "send_at": soon}
    for _ in range(MESSAGES):
        placed = ava.call("POST", "/twilio/messages", json=body)
        assert placed.status_code == 201, placed.text
    assert not fires(prometheus, "AvaJobsBacklog")
    until(lambda: fires(prometheus, "AvaJobsBacklog"))
    ava.heal()
    until(lambda: not fires(prometheus, "AvaJobsBacklog"))


def test_a_job_that_is_given_up_is_an_alert(
    ava: RunningAva, prometheus: Prometheus, data_dir: Path
) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"from": "+15005550006", "to": "+14155550124", "body": "Tomorrow", "send_at": later}
    planned = ava.call("POST", "/twilio/messages", json=body)
    assert planned.status_code == 201, planned.text
    assert not fires(prometheus, "AvaJobsGivenUp")
    # As after seven failures, which take two minutes; once more it fails for want of a payload.
    with closing(sqlite3.connect(data_dir / "ava.sqlite3", timeout=20)) as database, database:
        broken = database.execute(
            "UPDATE jobs_job SET attempts = 7, payload = '{}', due_at = datetime('now') "
            "WHERE kind = 'telephony.message' AND key = ?",
            [planned.json()["id"]],
        )
        assert broken.rowcount == 1
    until(lambda: fires(prometheus, "AvaJobsGivenUp"))
