"""Names of a Redis are looked up where nobody waits."""

import socket
import time

import pytest

from ava.redis.tests.asking import AT_ONCE, answers, lost, until
from tests.redis import RedisServer


@pytest.fixture
def names(monkeypatch):
    """What names mean: a list of addresses, or seconds of silence before that."""
    told = {}
    real = socket.getaddrinfo

    def look_up(host, *args, **kwargs):
        if host not in told:
            return real(host, *args, **kwargs)
        silence, addresses = told[host]
        time.sleep(silence)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return told


def test_nobody_waits_for_a_name_that_is_not_told(redis, linked, names):
    names["redis.test"] = (2.0, [("127.0.0.1", redis.port)])
    link = linked(f"redis://redis.test:{redis.port}")
    assert lost(link) < AT_ONCE
    until(lambda: not link.lost)
    assert answers(link)


def test_who_knows_the_address_needs_no_name_any_more(redis, linked, names):
    names["redis.test"] = (0, [("127.0.0.1", redis.port)])
    link = linked(f"redis://redis.test:{redis.port}")
    assert answers(link)
    names["redis.test"] = (3.0, [])
    redis.client.client_kill_filter(_type="normal", skipme=True)
    assert answers(link)
    redis.stop()
    assert lost(link) < AT_ONCE
    redis.start()
    until(lambda: not link.lost)


def test_of_several_addresses_the_one_that_answers_is_taken(redis, linked, names):
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        dead = refusing.getsockname()
        names["redis.test"] = (0, [dead, dead, ("127.0.0.1", redis.port)])
        link = linked(f"redis://redis.test:{redis.port}", patience=5)
        assert answers(link)
        assert link.losses == 0


def test_a_redis_that_moved_is_found_where_its_name_leads(redis, linked, names):
    with RedisServer() as successor:
        names["redis.test"] = (0, [("127.0.0.1", redis.port)])
        link = linked(f"redis://redis.test:{redis.port}")
        assert answers(link)
        redis.stop()
        names["redis.test"] = (0, [("127.0.0.1", successor.port)])
        lost(link)
        until(lambda: not link.lost)
        assert answers(link)
        assert successor.client.dbsize() == 1


def test_an_unknown_name_is_a_lost_redis(linked, names):
    names["redis.test"] = (0, [])
    assert lost(linked("redis://redis.test:6379")) < AT_ONCE
