"""The rate limit as a client meets it, through URLs."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import RequestFactory
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from ava import ratelimit
from ava.ratelimit import WINDOW_SECONDS
from ava.ratelimit.tests.clock import Clock
from ava.ratelimit.window import MemoryWindow

ME = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/login"


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The limiter's clock, held still."""
    clock = Clock()
    before = ratelimit.use(MemoryWindow(WINDOW_SECONDS, clock=clock))
    yield clock
    ratelimit.use(before)


def refusals(group: str, policy: str) -> float:
    labels = {"group": group, "policy": policy}
    return REGISTRY.get_sample_value("ava_rate_limit_refusals_total", labels) or 0


def test_of_fifteen_quick_requests_ten_pass_and_five_do_not(api, clock):
    answers = [api.get(ME) for _ in range(15)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 5


def test_a_refusal_says_when_to_come_back_and_carries_the_correlation_id(api, clock):
    for _ in range(10):
        api.get(ME)
    clock.sleep(17.5)
    refused = api.get(ME, headers={"X-Correlation-ID": "test-12345"})
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"] == "43"
    assert refused["X-Correlation-ID"] == "test-12345"
    assert refused.json() == {
        "type": "urn:ava:problem:rate_limited",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many requests. Please try again in 43s.",
        "code": "rate_limited",
        "correlation_id": "test-12345",
        "retry_after": 43,
    }


def test_after_the_promised_seconds_the_next_request_passes(api, clock):
    for _ in range(10):
        api.get(ME)
    clock.sleep(17.5)
    wait = int(api.get(ME)["Retry-After"])
    clock.sleep(wait - 1)
    assert api.get(ME).status_code == 429
    clock.sleep(1)
    assert api.get(ME).status_code == 200


def test_every_answer_says_what_is_left(api, clock):
    first, second = api.get(ME), api.get(ME)
    assert first["X-RateLimit-Limit"] == "10"
    assert first["X-RateLimit-Remaining"] == "9"
    assert first["RateLimit-Policy"] == '"auth";q=10;w=60'
    assert first["RateLimit"] == '"auth";r=9;t=60'
    assert 59 <= int(first["X-RateLimit-Reset"]) - time.time() <= 62
    assert second["RateLimit"] == '"auth";r=8;t=60'
    assert not first.has_header("Retry-After")


def test_a_refused_login_carries_the_counters_too(clock, db):
    refused = APIClient().get(ME)
    assert refused.status_code == 401
    assert refused["X-RateLimit-Remaining"] == "9"


def test_requests_with_a_wrong_token_count(clock, api):
    stranger = APIClient()
    stranger.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    answers = [stranger.get(ME).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert api.get(ME).status_code == 429


def test_a_forged_forwarded_header_does_not_make_a_new_client(api, clock, settings):
    settings.TRUSTED_PROXIES = 0
    answers = [api.get(ME, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}").status_code for n in range(15)]
    assert answers == [200] * 10 + [429] * 5


@pytest.mark.parametrize(("proxies", "tail"), [(1, ""), (2, ", 10.0.0.2")])
def test_behind_proxies_each_client_has_its_own_quota(api, clock, settings, proxies, tail):
    settings.TRUSTED_PROXIES = proxies

    def ask(client: str, forged: int) -> int:
        chain = f"198.51.100.{forged}, {client}{tail}"
        return api.get(ME, HTTP_X_FORWARDED_FOR=chain).status_code

    assert [ask("192.0.2.7", n) for n in range(11)] == [200] * 10 + [429]
    assert ask("192.0.2.8", 0) == 200


def test_the_operator_sets_the_limit(api, clock, settings):
    settings.RATE_LIMIT_PER_MINUTE = 2
    assert [api.get(ME).status_code for _ in range(3)] == [200, 200, 429]


def test_refusals_are_counted_by_group_and_policy(api, clock):
    before = refusals("auth", "client")
    for _ in range(13):
        api.get(ME)
    assert refusals("auth", "client") - before == 3


def test_parallel_requests_get_exactly_the_limit(clock):
    start = threading.Barrier(16)
    request = RequestFactory().get("/")

    def burst() -> list[bool]:
        start.wait()
        return [ratelimit.check(request, "vapi").problem is None for _ in range(50)]

    with ThreadPoolExecutor(16) as pool:
        runs = [pool.submit(burst) for _ in range(16)]
    assert sum(allowed for run in runs for allowed in run.result()) == 10


@pytest.mark.parametrize(
    ("group", "setting", "limit"),
    [
        ("vapi", 10, 10),
        ("vapi", 1000, 1000),
        ("email_test", 10, 5),
        ("email_test", 1000, 5),
        ("email_test", 3, 3),
        ("metrics", 10, 600),
        ("metrics", 1000, 1000),
    ],
)
def test_groups_keep_within_their_bounds(group, setting, limit, settings: Any):
    settings.RATE_LIMIT_PER_MINUTE = setting
    headers = ratelimit.check(RequestFactory().get("/"), group).headers()
    assert headers["X-RateLimit-Limit"] == str(limit)


def test_the_headers_are_structured_fields(settings):
    headers = ratelimit.check(RequestFactory().get("/"), "email_test", user="7").headers()
    policy = r'"[a-z_-]+";q=\d+;w=60'
    assert re.fullmatch(f"{policy}, {policy}", headers["RateLimit-Policy"])
    assert re.fullmatch(r'"[a-z_-]+";r=\d+;t=\d+', headers["RateLimit"])
