"""A user's own limit, whatever addresses their requests come from."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from ava import ratelimit
from ava.accounts.tests.calls import log_out
from ava.ratelimit import WINDOW_SECONDS
from ava.ratelimit.tests.clock import Clock
from ava.ratelimit.window import MemoryWindow
from conftest import client_of

URL = "/api/v1/integrations"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """The limiter's clock, held still."""
    clock = Clock()
    before = ratelimit.use(MemoryWindow(WINDOW_SECONDS, clock=clock))
    yield clock
    ratelimit.use(before)


def ask(client: Client, host: int, url: str = URL) -> Any:
    return client.get(url, REMOTE_ADDR=f"192.0.2.{host}")


def burst(client: Client, hosts: range, each: int = 10) -> list[int]:
    return [ask(client, host).status_code for host in hosts for _ in range(each)]


def test_every_policy_is_listed_and_the_tightest_is_shown(api):
    answer = ask(api, 1)
    assert answer["RateLimit-Policy"] == '"integrations";q=10;w=60, "integrations-user";q=60;w=60'
    assert answer["RateLimit"] == '"integrations";r=9;t=60'
    burst(api, range(2, 12), each=5)
    nearly = ask(api, 12)
    assert nearly["RateLimit"] == '"integrations-user";r=8;t=60'
    assert (nearly["X-RateLimit-Limit"], nearly["X-RateLimit-Remaining"]) == ("60", "8")


def test_a_user_gets_six_times_the_limit_from_all_addresses_together(api, clock):
    assert burst(api, range(6)) == [200] * 60
    clock.sleep(17.5)
    refused = ask(api, 6)
    assert (refused.status_code, refused["Retry-After"]) == (429, "43")
    assert refused["RateLimit"] == '"integrations-user";r=0;t=43'
    clock.sleep(43)
    assert ask(api, 6).status_code == 200


def test_the_longest_wait_of_those_that_refuse_is_shown(api, clock):
    burst(api, range(5))
    clock.sleep(20)
    burst(api, range(5, 6))
    # The user's limit frees in 40 s, the address' in 60 s.
    assert ask(api, 5)["Retry-After"] == "60"
    assert ask(api, 6)["Retry-After"] == "40"


def test_a_used_up_address_takes_nothing_from_the_user(api, clock):
    burst(api, range(1), each=100)
    assert burst(api, range(1, 7)) == [200] * 50 + [429] * 10


def test_users_do_not_share_a_limit(api, strangers_api):
    burst(api, range(7))
    assert ask(strangers_api, 8).status_code == 200


def test_all_of_a_users_logins_share_one_limit(api, user):
    burst(api, range(6))
    assert ask(client_of(user), 7).status_code == 429


@pytest.mark.parametrize("token", ["nonsense", "e30.e30.x", ""])
def test_a_token_that_ava_did_not_sign_counts_for_nobody(db, token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert burst(client, range(10)) == [401] * 100
    assert ask(client, 10)["RateLimit-Policy"] == '"integrations";q=10;w=60'


def test_counting_asks_the_database_nothing(api, django_assert_num_queries: Any):
    burst(api, range(1))
    with django_assert_num_queries(0):
        assert ask(api, 0).status_code == 429


def test_login_and_account_count_addresses_only(api):
    token = api._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    answers = [log_out(APIClient(REMOTE_ADDR=f"192.0.2.{n}"), token) for n in range(70)]
    assert [answer.status_code for answer in answers] == [204] + [401] * 69
    assert answers[0]["RateLimit-Policy"] == '"auth";q=10;w=60'


def test_a_refusal_says_in_the_metrics_whose_limit_it_was(api):
    def counted(policy: str) -> float:
        labels = {"group": "integrations", "policy": policy}
        return REGISTRY.get_sample_value("ava_rate_limit_refusals_total", labels) or 0

    clients, users = counted("client"), counted("user")
    burst(api, range(6), each=11)
    ask(api, 6)
    assert (counted("client") - clients, counted("user") - users) == (6, 1)
