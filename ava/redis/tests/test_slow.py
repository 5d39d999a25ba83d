"""A Redis that answers, but slowly: within the time-out it is used, beyond it is left alone."""

import pytest

from ava.redis.client import TIMEOUT_SECONDS
from ava.redis.tests.asking import AT_ONCE, answers, lost, server, until
from tests.proxy import SlowProxy
from tests.redis import patient

TIMEOUT = 0.3


@pytest.fixture
def proxy(redis):
    with SlowProxy(redis.port) as proxy:
        yield proxy


def test_it_is_promised_to_wait_for_50_ms():
    assert TIMEOUT_SECONDS == 0.05


def test_a_slow_redis_is_used_as_long_as_it_answers_in_time(proxy, client):
    made = client(patient(f"redis://127.0.0.1:{proxy.port}", 10))
    proxy.seconds = 0.02
    assert all(answers(made) for _ in range(10))
    assert not made.lost


def test_only_the_first_waits_for_a_redis_that_is_too_slow(proxy, client):
    made = client(patient(f"redis://127.0.0.1:{proxy.port}", TIMEOUT))
    assert answers(made)
    proxy.seconds = 2 * TIMEOUT
    assert lost(made) < TIMEOUT + AT_ONCE
    assert max(lost(made) for _ in range(20)) < 0.05
    assert made.losses == 1


def test_it_is_back_when_it_answers_in_time_and_not_before(proxy, client):
    made = client(patient(f"redis://127.0.0.1:{proxy.port}", TIMEOUT))
    assert answers(made)
    proxy.seconds = 2 * TIMEOUT
    lost(made)
    before = proxy.answers
    until(lambda: proxy.answers > before + 1)
    assert made.lost
    proxy.seconds = 0
    until(lambda: not made.lost)
    assert answers(made)


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400\r\n", b":x\r\n", b"*2\r\n:1\r\n?\r\n", b""])
def test_a_server_that_is_no_redis_counts_as_lost(client, reply):
    def handle(connection):
        with connection:
            connection.recv(65536)
            connection.sendall(reply)

    with server(handle) as port:
        assert lost(client(patient(f"redis://127.0.0.1:{port}", 5))) < 5


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70])
def test_a_name_that_leads_nowhere_counts_as_lost(client, host):
    made = client(f"redis://{host}:6379")
    lost(made)
    assert made.lost
