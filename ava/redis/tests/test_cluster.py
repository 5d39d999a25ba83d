"""A Redis Cluster of three real masters, through all that AVA keeps in it."""

import time

import pytest

from ava import redis as shared_redis
from ava.cache import Scope
from ava.cache.tests.reading import NAME, Source, make
from ava.ratelimit.redis_window import PREFIX, SharedWindow
from ava.ratelimit.window import Limit, MemoryWindow
from ava.redis import RedisClient, RedisUnavailable, Script
from ava.redis.django_cache import RedisCache
from ava.upstream.circuit import OperatorOverride
from ava.upstream.redis_store import RedisCircuit, SharedStore
from ava.upstream.tests.circuits import Worker
from tests.cluster import RedisCluster

pytestmark = pytest.mark.slow

APPEND = Script("return redis.call('APPEND', KEYS[1], ARGV[1])")
KEYS = [f"ava:{{k{number}}}" for number in range(12)]


@pytest.fixture(scope="module")
def cluster():
    with RedisCluster() as running:
        yield running


@pytest.fixture
def client(cluster, settings):
    settings.REDIS_URL = cluster.url
    yield shared_redis.get_client()
    shared_redis.reset()
    for node in cluster.nodes:
        node.client.flushall()


def until(happened):
    give_up = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_the_keys_of_this_test_are_on_all_nodes(cluster):
    assert {cluster.owner(key).port for key in KEYS} == {node.port for node in cluster.nodes}


def test_breakers_live_where_their_slot_is(cluster, client):
    labels = ("vapi", "twilio", "resend", "smtp", "google", "microsoft")
    for label in labels:
        worker = Worker(SharedStore(RedisCircuit(client, label)))
        worker.trip()
        worker.refused()
        worker.obey(OperatorOverride(1))
        worker.admitted()
    assert sum(node.client.dbsize() for node in cluster.nodes) == len(labels)
    assert client.losses == 0


def test_limits_are_counted_wherever_their_slot_is(cluster, client):
    window = SharedWindow(60, MemoryWindow(60))
    limits = [Limit("a", 2), Limit("b", 9)]
    passed = [window.hit(client, limits)[0].allowed for _ in range(3)]
    assert passed == [True, True, False]
    assert cluster.owner(PREFIX).client.dbsize() == 2


def test_copies_are_shared(client):
    here, there = make(), make()
    for owner in range(6):
        scope = Scope(owner, "epoch", "generation")
        here.read(scope, NAME, Source("one", scope=scope))
        assert there.read(scope, NAME, Source("unused")).value == "one"
        assert there.newest(scope, NAME).value == "one"
    assert client.losses == 0


def test_djangos_cache_reads_writes_and_is_cleared(client):
    here, there = (RedisCache(f"p{number}", {"KEY_PREFIX": "ava:cache"}) for number in range(2))
    for number in range(12):
        here.set(f"k{number}", number)
        assert there.incr(f"k{number}") == number + 1
    here.clear()
    assert [there.get(f"k{number}") for number in range(12)] == [None] * 12
    assert client.losses == 0


def test_a_slot_is_followed_while_it_moves_and_when_it_has(cluster, client):
    source = cluster.owner("ava:{moving}")
    to = next(node for node in cluster.nodes if node is not source)
    client.run(APPEND, ["ava:{moving}"], ["a"])
    cluster.begin_moving("ava:{moving}", to)
    client.run(APPEND, ["ava:{moving}"], ["b"])  # not there yet
    cluster.bring("ava:{moving}", to)
    client.run(APPEND, ["ava:{moving}"], ["c"])
    client.run(APPEND, ["ava:{moving}2"], ["new"])
    cluster.end_moving("ava:{moving}", to)
    client.run(APPEND, ["ava:{moving}"], ["d"])
    assert client.command("GET", "ava:{moving}") == b"abcd"
    assert to.client.get("ava:{moving}") == b"abcd"
    assert client.losses == 0


def test_a_slot_costs_one_redirection_and_no_more(cluster, client):
    for key in KEYS:
        client.command("SET", key, 1)
    asked = commands(cluster)
    for key in KEYS:
        client.command("SET", key, 2)
    # INFO itself is one at each.
    assert commands(cluster) - asked == len(KEYS) + len(cluster.nodes)


def commands(cluster):
    return sum(node.client.info("stats")["total_commands_processed"] for node in cluster.nodes)


def test_a_dead_node_is_lost_once_and_found_when_its_slots_are_there_again(cluster):
    client = RedisClient(cluster.url)
    dead = cluster.nodes[2]
    key = next(key for key in KEYS if cluster.owner(key) is dead)
    client.run(APPEND, [key], ["a"])
    dead.stop()
    with pytest.raises(RedisUnavailable):
        client.run(APPEND, [key], ["b"])
    time.sleep(0.5)
    assert (client.lost, client.losses) == (True, 1)
    dead.start()
    until(lambda: not client.lost)
    client.run(APPEND, [key], ["c"])
    assert dead.client.get(key) == b"c"
    client.close()


def test_another_node_shows_the_way_where_the_first_is_gone(cluster):
    """After this there are but two."""
    client = RedisClient(cluster.url)
    keys = {cluster.owner(key).port: key for key in KEYS}
    first, *others = cluster.nodes
    for node in cluster.nodes:
        client.run(APPEND, [keys[node.port]], ["a"])
    first.stop()
    with pytest.raises(RedisUnavailable):
        client.run(APPEND, [keys[first.port]], ["b"])
    cluster.take_over(first, others[0])
    until(lambda: not client.lost)
    for node in cluster.nodes:
        client.run(APPEND, [keys[node.port]], ["c"])
    assert others[0].client.get(keys[first.port]) == b"c"
    client.close()
