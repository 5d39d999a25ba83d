"""Cost of a lost Redis, with a real one."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ava.redis import RedisClient, RedisUnavailable, Script
from ava.redis.tests.asking import AT_ONCE, ECHO, lost, until
from tests.redis import patient

APPEND = Script("return redis.call('APPEND', KEYS[1], ARGV[1])")


@pytest.fixture
def shared(redis, client):
    return client(redis.plain_url)


def found_again(shared: RedisClient) -> None:
    until(lambda: not shared.lost)
    assert shared.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]


def test_a_script_is_sent_once_and_known_by_its_name_from_then_on(redis, shared):
    for _ in range(5):
        assert shared.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    calls = redis.client.info("commandstats")
    assert calls["cmdstat_eval"]["calls"] == 1
    assert calls["cmdstat_evalsha"]["calls"] == 5


def test_a_flush_of_data_and_scripts_is_no_loss(redis, shared):
    shared.run(ECHO, ["k"], ["v"])
    redis.flush()
    assert shared.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    assert not shared.lost


def test_connections_that_redis_closed_while_they_were_idle_are_no_loss(redis, shared):
    for _ in range(3):
        shared.run(ECHO, ["k"], ["v"])
        redis.client.client_kill_filter(_type="normal", skipme=True)
        assert shared.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    assert not shared.lost


def test_as_many_threads_as_ask_at_once_have_connections_and_no_more(redis, shared):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: shared.run(ECHO, ["k"], [number]), range(400)))
    assert len(redis.client.client_list()) <= 8 + 1


def test_a_refused_connection_fails_at_once_and_is_found_again(redis, shared):
    shared.run(ECHO, ["k"], ["v"])
    redis.stop()
    assert lost(shared) < AT_ONCE
    redis.start()
    found_again(shared)


def test_a_silent_redis_fails_soon_and_is_found_again_when_it_answers(redis, shared):
    shared.run(ECHO, ["k"], ["v"])
    redis.freeze()
    assert lost(shared) < AT_ONCE
    redis.thaw()
    found_again(shared)


def test_while_it_is_lost_every_call_fails_at_once(redis, shared):
    redis.freeze()
    lost(shared)
    assert max(lost(shared) for _ in range(100)) < 0.02


def test_an_answer_that_came_too_late_is_never_taken_for_the_next_one(redis, shared):
    assert shared.run(ECHO, ["k"], ["before"]) == [b"k", b"before"]
    redis.freeze()
    lost(shared)
    redis.thaw()
    found_again(shared)
    for number in range(20):
        assert shared.run(ECHO, ["k"], [number]) == [b"k", str(number).encode()]


def test_a_replica_that_cannot_be_written_to_counts_as_lost(redis, shared):
    write = Script("return redis.call('SET', KEYS[1], ARGV[1])")
    redis.client.replicaof("127.0.0.1", "9")
    with pytest.raises(RedisUnavailable):
        shared.run(write, ["k"], ["v"])
    redis.client.replicaof("NO", "ONE")
    found_again(shared)


def test_who_may_not_run_scripts_has_lost_redis_once(redis, client):
    user = ("ACL", "SETUSER", "narrow", "on", "nopass", "~*", "+@all")
    redis.client.execute_command(*user, "-evalsha", "-eval")
    shared = client(patient(f"redis://narrow:any@127.0.0.1:{redis.port}", 5))
    lost(shared)
    time.sleep(0.5)
    assert (shared.lost, shared.losses) == (True, 1)
    redis.client.execute_command(*user)
    found_again(shared)


def test_a_value_of_another_kind_concerns_who_asks_for_it_alone(redis, shared, caplog):
    redis.client.rpush("list", "a")
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            shared.run(APPEND, ["list"], ["b"])
        assert shared.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    assert shared.losses == 0
    assert caplog.text.count("redis refused") == 1


def test_each_loss_is_counted(redis, shared):
    for expected in (1, 2):
        redis.stop()
        lost(shared)
        assert shared.losses == expected
        redis.start()
        found_again(shared)
