"""A Redis that real sentinels watch: found by them, and its successor, too."""

import subprocess
import time

import pytest
import redis as redis_py

from ava.conf import env
from ava.redis.client import sentinels_of
from ava.redis.tests.asking import answers, lost, until
from tests.ports import free_port
from tests.redis import REDIS_SERVER_PATH, RedisServer, patient


@pytest.fixture
def successor(redis):
    with RedisServer() as server:
        server.client.replicaof("127.0.0.1", redis.port)
        until(lambda: server.client.info("replication")["master_link_status"] == "up")
        yield server


@pytest.fixture
def sentinel(redis, successor, tmp_path):
    """The port of a sentinel that knows both, and makes one the other's successor."""
    port = free_port()
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {port}\n"
        f"sentinel monitor ava 127.0.0.1 {redis.port} 1\n"
        "sentinel down-after-milliseconds ava 500\n"
    )
    process = subprocess.Popen([REDIS_SERVER_PATH, config, "--sentinel"], stdout=subprocess.DEVNULL)
    with redis_py.Redis(port=port) as asked:

        def knows_both():
            try:
                return asked.sentinel_slaves("ava") != []
            except redis_py.RedisError:
                return False

        until(lambda: knows_both())
    yield port
    process.kill()
    process.wait()


def test_the_master_is_used_and_after_a_failover_its_successor(redis, successor, sentinel, client):
    url = f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{sentinel}/ava/0"
    assert env.read({"REDIS_URL": url})["REDIS_URL"] == url
    made = client(patient(url, 5))
    assert answers(made)
    made.command("SET", "k", "v")
    assert redis.client.get("k") == b"v"
    redis.stop()
    lost(made)
    give_up = time.monotonic() + 40
    while made.lost:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    made.command("SET", "k", "new")
    assert successor.client.get("k") == b"new"


def test_a_service_that_no_sentinel_knows_counts_as_lost(sentinel, client):
    made = client(patient(f"redis+sentinel://127.0.0.1:{sentinel}/other", 5))
    lost(made)
    assert made.lost


def test_sentinels_are_named_with_and_without_a_port():
    assert sentinels_of("user:secret@one,two:26380,[::1]:5") == [
        ("one", 26379),
        ("two", 26380),
        ("::1", 5),
    ]
