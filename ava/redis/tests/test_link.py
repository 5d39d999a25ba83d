"""What a lost Redis costs whoever asks it, with a real one."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ava.redis import FleetLost, Link, Script
from ava.redis.tests.asking import AT_ONCE, ECHO, lost, until

APPEND = Script("return redis.call('APPEND', KEYS[1], ARGV[1])")


@pytest.fixture
def link(redis):
    made = Link(redis.url)
    yield made
    made.close()


def found_again(link: Link) -> None:
    until(lambda: not link.lost)
    assert link.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]


def test_a_script_is_sent_once_and_known_by_its_name_from_then_on(redis, link):
    for _ in range(5):
        assert link.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    calls = redis.client.info("commandstats")
    assert calls["cmdstat_eval"]["calls"] == 1
    assert calls["cmdstat_evalsha"]["calls"] == 5


def test_a_flush_of_data_and_scripts_is_no_loss(redis, link):
    link.run(ECHO, ["k"], ["v"])
    redis.flush()
    assert link.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    assert not link.lost


def test_connections_that_redis_closed_while_nobody_used_them_are_no_loss(redis, link):
    for _ in range(3):
        link.run(ECHO, ["k"], ["v"])
        redis.client.client_kill_filter(_type="normal", skipme=True)
        assert link.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    assert not link.lost


def test_as_many_threads_as_ask_at_once_have_connections_and_no_more(redis, link):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: link.run(ECHO, ["k"], [number]), range(400)))
    assert len(redis.client.client_list()) <= 8 + 1


def test_a_refused_connection_is_told_at_once_and_found_again_without_help(redis, link):
    link.run(ECHO, ["k"], ["v"])
    redis.stop()
    assert lost(link) < AT_ONCE
    redis.start()
    found_again(link)


def test_a_silent_redis_is_told_soon_and_found_again_when_it_speaks(redis, link):
    link.run(ECHO, ["k"], ["v"])
    redis.freeze()
    assert lost(link) < AT_ONCE
    redis.thaw()
    found_again(link)


def test_while_it_is_lost_nobody_sends_a_packet(redis, link):
    redis.freeze()
    lost(link)
    assert max(lost(link) for _ in range(100)) < 0.02


def test_an_answer_that_came_too_late_is_never_taken_for_the_next_one(redis, link):
    assert link.run(ECHO, ["k"], ["before"]) == [b"k", b"before"]
    redis.freeze()
    lost(link)
    redis.thaw()
    found_again(link)
    for number in range(20):
        assert link.run(ECHO, ["k"], [number]) == [b"k", str(number).encode()]


def test_a_replica_that_cannot_be_written_to_counts_as_lost(redis, link):
    write = Script("return redis.call('SET', KEYS[1], ARGV[1])")
    redis.client.replicaof("127.0.0.1", "9")
    with pytest.raises(FleetLost):
        link.run(write, ["k"], ["v"])
    redis.client.replicaof("NO", "ONE")
    found_again(link)


def test_who_may_not_run_scripts_has_lost_redis_once(redis):
    user = ("ACL", "SETUSER", "narrow", "on", "nopass", "~*", "+@all")
    redis.client.execute_command(*user, "-evalsha", "-eval")
    link = Link(f"redis://narrow:any@127.0.0.1:{redis.port}", patience=5)
    lost(link)
    time.sleep(0.5)
    assert (link.lost, link.losses) == (True, 1)
    redis.client.execute_command(*user)
    found_again(link)
    link.close()


def test_a_value_of_another_kind_concerns_who_asks_for_it_alone(redis, link, caplog):
    redis.client.rpush("list", "a")
    for _ in range(3):
        with pytest.raises(FleetLost):
            link.run(APPEND, ["list"], ["b"])
        assert link.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]
    assert link.losses == 0
    assert caplog.text.count("redis refused") == 1


def test_each_loss_is_counted(redis, link):
    for expected in (1, 2):
        redis.stop()
        lost(link)
        assert link.losses == expected
        redis.start()
        found_again(link)


def test_what_is_insisted_on_is_done_at_once_while_redis_is_there(redis, link):
    link.insist(APPEND, ["k"], ["a"])
    assert redis.client.get("k") == b"a"


@pytest.mark.parametrize("losing", ["stop", "freeze"])
def test_what_is_insisted_on_is_done_before_anybody_finds_redis_again(redis, link, losing):
    link.run(ECHO, ["k"], ["v"])
    getattr(redis, losing)()
    lost(link)
    for letter in "abc":
        link.insist(APPEND, ["k"], [letter])
    {"stop": redis.start, "freeze": redis.thaw}[losing]()
    found_again(link)
    assert redis.client.get("k") == b"abc"


def test_what_redis_refuses_to_do_does_not_keep_it_lost(redis, link):
    redis.stop()
    lost(link)
    link.insist(Script("return redis.call('NONSENSE')"), ["k"])
    link.insist(APPEND, ["k"], ["a"])
    redis.start()
    found_again(link)
    assert redis.client.get("k") == b"a"
