"""The walk of somebody who connects a calendar, on a server of two workers that share a Redis."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tests.pinned import only
from tests.redis import RedisServer
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

WORKERS, OF_EACH = 2, 4
CALENDAR = "/integrations/calendar"
WEEK = {"from": "2026-12-14T00:00:00Z", "to": "2026-12-21T00:00:00Z"}
NAMES = {"google": "Google Calendar", "microsoft": "Microsoft 365"}


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RedisServer() as redis:
        environment = {"WEB_CONCURRENCY": str(WORKERS), "REDIS_URL": redis.url}
        with RunningAva(tmp_path_factory.mktemp("calendar") / "var", **environment) as running:
            until(lambda: len(running.workers()) == WORKERS)
            yield running.login()


def connect(ava: RunningAva, provider: str) -> requests.Response:
    """Through AVA's page and the provider's, as a browser goes; the page that it ends on."""
    link = ava.call("POST", f"{CALENDAR}/{provider}/connect").json()["authorization_url"]
    with requests.Session() as browser:
        browser.headers["Accept"] = "text/html"
        page = browser.get(link, timeout=10)
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text))
        consent = browser.post(link, data={"csrfmiddlewaretoken": token}, timeout=10)
        return browser.post(consent.url, data={"decision": "allow"}, timeout=10)


def refreshes(ava: RunningAva, provider: str) -> int:
    asked = (one for one in ava.arrived(provider) if one["path"].endswith("/token"))
    return sum("refresh_token" in str(one["body"]) for one in asked)


def all_at_once(ava: RunningAva, path: str) -> list[requests.Response]:
    """The answers to several requests of each worker, sent at the same moment."""
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(only(ava, pid)) for pid in ava.workers() for _ in range(OF_EACH)
        ]
        for session in sessions:
            assert session.get(f"{ava.url}/healthz", timeout=30).ok
        ready = threading.Barrier(len(sessions))

        def ask(session: requests.Session) -> requests.Response:
            ready.wait()
            return session.get(f"{ava.url}/api/v1{path}", params=WEEK, timeout=30)

        with ThreadPoolExecutor(len(sessions)) as people:
            return list(people.map(ask, sessions))


def titles(answer: requests.Response) -> list[Any]:
    return [event["title"] for event in answer.json()["events"]]


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_a_calendar_is_connected_used_renewed_once_and_asks_to_be_connected_again(
    ava: RunningAva, provider: str
) -> None:
    name, path = NAMES[provider], f"{CALENDAR}/{provider}"
    assert f"<h1>{name} is connected</h1>" in connect(ava, provider).text
    assert ava.call("GET", path).json()["state"] == "connected"
    event = {"title": "A walk", "start": "2026-12-15T10:00:00Z", "end": "2026-12-15T10:30:00Z"}
    assert ava.call("POST", f"{path}/events", json=event).status_code == 201
    assert [one["title"] for one in ava.shown("effects")["events"]] == ["A walk"]

    ava.order("oauth", provider=provider, do="expire")
    ava.forget_requests()
    answers = all_at_once(ava, f"{path}/events")
    assert [answer.status_code for answer in answers] == [200] * WORKERS * OF_EACH
    assert all("A walk" in titles(answer) for answer in answers)
    assert refreshes(ava, provider) == 1

    ava.order("oauth", provider=provider, do="revoke")
    ava.forget_requests()
    answers = all_at_once(ava, f"{path}/events")
    assert {answer.status_code for answer in answers} == {409}
    assert {answer.json()["code"] for answer in answers} == {"reconnect_required"}
    assert all(f"Reconnect {name}" in answer.json()["detail"] for answer in answers)
    assert ava.call("GET", path).json()["state"] == "reconnect"
    assert ava.call("GET", f"{path}/events", params=WEEK).status_code == 409
    assert refreshes(ava, provider) == 1

    connect(ava, provider)
    assert ava.call("GET", f"{path}/events", params=WEEK).status_code == 200
    ava.order("reset")
