"""Fast path: the same answers as on the long way, byte for byte, and the same traces of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from ava.accounts import services
from ava.cache import recent
from tests.served import ServedClient
from vapi_settings.conftest import SETTINGS

# Of the moment, or made for each answer.
OF_THE_MOMENT = (
    "Age",
    "RateLimit",
    "X-Correlation-ID",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
ADDRESSES = ("/healthz", "/api/schema", SETTINGS)
Ask = Callable[..., Any]


@pytest.fixture(params=["memory", "redis"], autouse=True)
def store(request: Any) -> None:
    if request.param == "redis":
        request.getfixturevalue("redis")


@pytest.fixture
def bearer(user: User) -> dict[str, str]:
    token = services.open_session(user=user).access_token
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


@pytest.fixture
def slow(ada: APIClient, bearer: dict[str, str], monkeypatch: Any) -> APIClient:
    """The same user's client on the long way."""
    client = APIClient()
    client.credentials(**bearer)
    monkeypatch.setattr(recent, "clock", lambda: 0.0)
    for path in ADDRESSES:
        assert [client.get(path).status_code for _ in range(2)] == [200, 200]
        assert [ada.get(path).status_code for _ in range(2)] == [200, 200]
        assert (is_fast(client.get(path)), is_fast(ada.get(path))) == (False, True)
    return client


def is_fast(answer: Any) -> bool:
    return getattr(answer, "is_fast", False)


def shown(answer: Any) -> tuple[int, dict[str, str], bytes]:
    headers = {name: "" if name in OF_THE_MOMENT else value for name, value in answer.items()}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_ACCEPT": "application/json"},
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_NONE_MATCH": '"another"'},
        {"HTTP_X_CORRELATION_ID": "mine"},
    ],
    ids=str,
)
def test_both_ways_answer_alike(
    ada: APIClient, slow: APIClient, path: str, headers: dict[str, str]
) -> None:
    for method in ("get", "head"):
        fast, long = (getattr(one, method)(path, **headers) for one in (ada, slow))
        assert shown(fast) == shown(long)
        assert headers.get("HTTP_X_CORRELATION_ID") in (None, fast["X-Correlation-ID"])


@pytest.mark.parametrize("path", ADDRESSES)
def test_both_ways_are_logged_and_counted_alike(
    ada: APIClient, slow: APIClient, path: str, caplog: Any
) -> None:
    traces = []
    for client in (ada, slow):
        before, _ = samples(), caplog.clear()
        client.get(path)
        grown = {name: value - before.get(name, 0) for name, value in samples().items()}
        lines = [record.msg for record in caplog.records if record.msg["event"] == "request"]
        traces.append(
            (
                {name: by for name, by in grown.items() if by},
                [{k: v for k, v in one.items() if k in LOGGED} for one in lines],
            )
        )
    assert traces[0] == traces[1]
    assert len(traces[0][1]) == 1


LOGGED = ("event", "method", "path", "view", "status", "code", "user")


def samples() -> dict[Any, float]:
    """All counters, times aside, and statements: the collectors of some metrics make them."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        if metric.name.startswith(("django_http", "ava_"))
        and not metric.name.startswith("ava_database")
        for sample in metric.samples
        if sample.name.endswith(("_total", "_count"))
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_CACHE_CONTROL": "no-cache"},
        {"HTTP_ACCEPT": "text/html"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_HOST": "unknown.example"},
        {"HTTP_CONTENT_ENCODING": "gzip"},
        {"QUERY_STRING": "custom=true"},
        {"QUERY_STRING": "assistant_id=1&" * 1001},
    ],
    ids=lambda headers: str(headers)[:60],
)
def test_what_asks_for_more_takes_the_long_way(
    ada: APIClient, slow: APIClient, headers: dict[str, str]
) -> None:
    fast, long = (one.get(SETTINGS, **headers) for one in (ada, slow))
    assert not is_fast(fast)
    assert {**shown(fast)[1], "ETag": ""} == {**shown(long)[1], "ETag": ""}
    assert fast.status_code == long.status_code


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic YTpi"])
def test_strangers_take_the_long_way(ada: APIClient, slow: APIClient, token: str) -> None:
    ada.credentials(HTTP_AUTHORIZATION=token)
    answer = ada.get(SETTINGS)
    assert (answer.status_code, is_fast(answer)) == (401, False)


def test_a_login_that_ends_while_its_request_is_counted_reads_nothing(
    ada: ServedClient, slow: APIClient
) -> None:
    """Though another login of the user has the account remembered again by then."""

    def leave() -> None:
        ada.meanwhile(None)
        assert ada.post("/api/v1/auth/logout").status_code == 204
        assert slow.get(SETTINGS).status_code == 200

    ada.meanwhile(leave)
    answer = ada.get(SETTINGS)
    assert (answer.status_code, is_fast(answer)) == (401, False)


@pytest.mark.parametrize("path", ["/api/schema", SETTINGS])
def test_the_limit_is_one_for_both_ways(
    ada: APIClient, slow: APIClient, settings: Any, path: str
) -> None:
    left = int(ada.get(path)["X-RateLimit-Remaining"])
    assert int(slow.get(path)["X-RateLimit-Remaining"]) == left - 1
    settings.RATE_LIMIT_PER_MINUTE = 1
    if path == SETTINGS:
        fast, long = ada.get(path), slow.get(path)
        assert fast.status_code == 429
        assert fast.json().keys() == long.json().keys()
        assert fast.headers.keys() == long.headers.keys()
