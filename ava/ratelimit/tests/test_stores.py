"""The sliding window by itself, with a clock that the test moves: in the process and in Redis."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ava.ratelimit.redis import RedisStore
from ava.ratelimit.store import SECOND, Hit, MemoryStore, Store, Usage
from ava.ratelimit.tests.clock import Clock
from ava.redis import RedisClient
from tests.redis import RedisServer

LIMIT = 10
WINDOW = 60
CLIENT, USER = "vapi 192.0.2.7", "vapi-user 1"
# What every store can tell apart.
TICK = 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer(timeout=10) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[Clock], Store]]:
    """Makes an empty store."""
    if request.param == "memory":
        yield lambda clock: MemoryStore(window=WINDOW, clock=clock)
        return
    server = request.getfixturevalue("redis")
    # Patient: how AVA does without an answer is not what these tests are about.
    link = RedisClient(server.url)

    def empty(clock: Clock) -> Store:
        server.flush()
        return RedisStore(link, window=WINDOW, clock=lambda: clock.now // 1000)

    yield empty
    link.close()


@pytest.fixture
def store(make: Callable[[Clock], Store], clock: Clock) -> Store:
    return make(clock)


def hit(store: Store, *keys: str, limit: int = LIMIT) -> Usage:
    """One request under these keys, the first's usage."""
    return store.hit([Hit(key, limit) for key in keys or (CLIENT,)])[0]


def passing(store: Store, tries: int, *keys: str) -> int:
    return sum(hit(store, *keys).allowed for _ in range(tries))


def test_ten_pass_and_the_eleventh_does_not(store):
    assert passing(store, 15) == 10


def test_no_double_burst_passes_at_the_edge_of_a_minute(store, clock):
    assert passing(store, 1) == 1
    clock.sleep(59)
    assert passing(store, 20) == 9
    clock.sleep(2)
    assert passing(store, 20) == 1


def test_a_refused_hit_does_not_put_off_the_next_one(store, clock):
    passing(store, 10)
    clock.sleep(30)
    assert hit(store).frees_after == 30
    passing(store, 500)
    clock.sleep(30)
    assert passing(store, 1) == 1


def test_the_promised_moment_comes_true_to_the_microsecond(store, clock):
    passing(store, 10)
    clock.sleep(12.345)
    wait = hit(store).frees_after
    clock.now += round(wait * SECOND) - TICK
    assert passing(store, 1) == 0
    clock.now += TICK
    assert passing(store, 1) == 1


def test_clients_and_groups_are_counted_apart(store):
    assert passing(store, 15, "vapi 192.0.2.7") == 10
    assert passing(store, 15, "vapi 192.0.2.8") == 10
    assert passing(store, 15, "twilio 192.0.2.7") == 10


def test_each_hit_tells_what_is_left(store, clock):
    assert hit(store) == Usage(allowed=True, limit=10, used=1, frees_after=60)
    clock.sleep(2)
    assert hit(store) == Usage(allowed=True, limit=10, used=2, frees_after=58)
    passing(store, 8)
    refused = hit(store)
    assert refused == Usage(allowed=False, limit=10, used=10, frees_after=58)
    assert refused.remaining == 0


def test_after_the_limit_was_lowered_the_wait_is_until_one_really_passes(store, clock):
    for _ in range(10):
        clock.sleep(1)
        passing(store, 1)
    usage = hit(store, limit=4)
    assert not usage.allowed
    assert usage.remaining == 0
    assert usage.frees_after == 57
    clock.sleep(57)
    assert hit(store, limit=4).allowed


def test_what_one_policy_refuses_counts_in_no_other(store):
    passing(store, 10)
    for _ in range(5):
        client, user = store.hit([Hit(CLIENT, LIMIT), Hit(USER, LIMIT)])
        assert (client.allowed, user.allowed, user.used, user.frees_after) == (False, True, 0, 0)
    assert passing(store, 15, USER) == 10


def test_every_policy_has_its_own_limit_and_its_own_time(store, clock):
    both = [Hit(CLIENT, 2), Hit(USER, 3)]
    store.hit(both)
    clock.sleep(10)
    store.hit(both)
    clock.sleep(10)
    client, user = store.hit(both)
    assert (client.allowed, client.frees_after, client.remaining) == (False, 40, 0)
    assert (user.allowed, user.frees_after, user.remaining) == (True, 40, 1)
    assert hit(store, USER, limit=3).allowed
    assert [usage.allowed for usage in store.hit(both)] == [False, False]
    clock.sleep(40)
    assert all(usage.allowed for usage in store.hit(both))


def test_sixteen_threads_get_exactly_ten_through_each_of_two_policies(store):
    start = threading.Barrier(16)

    def burst(number: int) -> int:
        start.wait()
        return passing(store, 8, CLIENT, f"vapi-user {number}")

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(burst, range(16))) == 10


@pytest.mark.usefixtures("store")
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    gaps=st.lists(st.integers(0, 20_000_000), min_size=1, max_size=60),
    limits=st.tuples(st.integers(1, 6), st.integers(1, 8)),
)
def test_no_minute_ever_holds_more_than_any_limit(make, gaps: list[int], limits: tuple[int, int]):
    clock = Clock()
    store = make(clock)
    passed: list[int] = []
    hits = [Hit(key, limit) for key, limit in zip((CLIENT, USER), limits, strict=True)]
    for gap in gaps:
        clock.now += gap * TICK
        inside = [then for then in passed if then > clock.now - WINDOW * SECOND]
        usages = store.hit(hits)
        assert [usage.allowed for usage in usages] == [len(inside) < limit for limit in limits]
        if all(usage.allowed for usage in usages):
            passed.append(clock.now)


class TestRedis:
    """What only the store in Redis has to get right."""

    @pytest.fixture
    def link(self, redis: RedisServer) -> Iterator[RedisClient]:
        redis.flush()
        link = RedisClient(redis.url)
        yield link
        link.close()

    @pytest.fixture
    def store(self, link: RedisClient, clock: Clock) -> Store:
        return RedisStore(link, window=WINDOW, clock=lambda: clock.now // 1000)

    def test_a_request_is_one_call_whatever_it_counts(self, redis, link):
        store = RedisStore(link, window=WINDOW)
        redis.client.config_resetstat()
        for _ in range(20):
            store.hit([Hit(CLIENT, 10), Hit(USER, 60)])
        calls = redis.client.info("commandstats")
        assert calls["cmdstat_evalsha"]["calls"] == 20
        assert calls["cmdstat_eval"]["calls"] == 1

    def test_redis_tells_the_time(self, link):
        store = RedisStore(link, window=1)
        waits = (hit(store, limit=1).frees_after for _ in count())
        assert next(waits) == 1
        assert 0 < next(waits) < 1

    def test_a_key_that_nobody_hits_goes_by_itself(self, redis, link):
        hit(RedisStore(link, window=WINDOW))
        (key,) = redis.client.keys()
        assert 60_000 < redis.client.pttl(key) <= 61_000

    def test_a_refused_hit_leaves_no_key_behind(self, redis, store):
        store.hit([Hit(CLIENT, 1)])
        store.hit([Hit(CLIENT, 1), Hit(USER, 9)])
        assert len(redis.client.keys()) == 1

    @pytest.mark.parametrize("back", [0.001, 1, 86400])
    def test_a_clock_set_back_lets_no_more_through_and_delays_by_a_minute_at_most(
        self, store, clock, back
    ):
        passing(store, 4)
        clock.sleep(20)
        passing(store, 4)
        clock.sleep(-back)
        assert passing(store, 5) == 2
        assert hit(store).frees_after <= 60
        clock.sleep(60)
        assert passing(store, 15) >= 8

    def test_one_hash_tag_holds_on_a_cluster(self, clock):
        with RedisServer("--cluster-enabled", "yes", timeout=10) as server:
            server.client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            give_up = time.monotonic() + 15
            while server.client.cluster("INFO")["cluster_state"] != "ok":
                assert time.monotonic() < give_up
                time.sleep(0.01)
            link = RedisClient(server.url)
            store = RedisStore(link, window=WINDOW, clock=lambda: clock.now // 1000)
            assert passing(store, 15, CLIENT, USER) == 10
            link.close()
