"""The moving window by itself, with a clock that the test moves: in the process and in Redis."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ava.ratelimit.redis_window import SharedWindow
from ava.ratelimit.tests.clock import Clock
from ava.ratelimit.window import SECOND, Limit, MemoryWindow, Usage
from ava.redis import RedisClient
from tests.redis import RedisServer

LIMIT = 10
WINDOW = 60
Hit = Callable[[list[Limit]], list[Usage]]
CLIENT, USER = "vapi 192.0.2.7", "vapi-user 1"
# What every window can tell apart.
TICK = 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer(timeout=10) as server:
        yield server


def in_redis(client: RedisClient, clock: Clock | None = None, seconds: int = WINDOW) -> Hit:
    now = (lambda: clock.now // 1000) if clock else (lambda: "")
    window = SharedWindow(seconds, MemoryWindow(seconds), redis_clock=now)
    return partial(window.hit, client)


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[Clock], Hit]]:
    """Makes an empty window."""
    if request.param == "memory":
        yield lambda clock: MemoryWindow(WINDOW, clock=clock).hit
        return
    server = request.getfixturevalue("redis")
    client = RedisClient(server.url)

    def empty(clock: Clock) -> Hit:
        server.flush()
        return in_redis(client, clock)

    yield empty
    client.close()


@pytest.fixture
def window(make: Callable[[Clock], Hit], clock: Clock) -> Hit:
    return make(clock)


def hit(window: Hit, *keys: str, limit: int = LIMIT) -> Usage:
    """One request under these keys, the first's usage."""
    return window([Limit(key, limit) for key in keys or (CLIENT,)])[0]


def passing(window: Hit, tries: int, *keys: str) -> int:
    return sum(hit(window, *keys).allowed for _ in range(tries))


def test_ten_pass_and_the_eleventh_does_not(window):
    assert passing(window, 15) == 10


def test_no_double_burst_passes_at_the_edge_of_a_minute(window, clock):
    assert passing(window, 1) == 1
    clock.sleep(59)
    assert passing(window, 20) == 9
    clock.sleep(2)
    assert passing(window, 20) == 1


def test_a_refused_hit_does_not_put_off_the_next_one(window, clock):
    passing(window, 10)
    clock.sleep(30)
    assert hit(window).frees_after == 30
    passing(window, 500)
    clock.sleep(30)
    assert passing(window, 1) == 1


def test_the_promised_moment_comes_true_to_the_microsecond(window, clock):
    passing(window, 10)
    clock.sleep(12.345)
    wait = hit(window).frees_after
    clock.now += round(wait * SECOND) - TICK
    assert passing(window, 1) == 0
    clock.now += TICK
    assert passing(window, 1) == 1


def test_clients_and_groups_are_counted_apart(window):
    assert passing(window, 15, "vapi 192.0.2.7") == 10
    assert passing(window, 15, "vapi 192.0.2.8") == 10
    assert passing(window, 15, "twilio 192.0.2.7") == 10


def test_each_hit_tells_what_is_left(window, clock):
    assert hit(window) == Usage(allowed=True, used=1, frees_after=60)
    clock.sleep(2)
    assert hit(window) == Usage(allowed=True, used=2, frees_after=58)
    passing(window, 8)
    refused = hit(window)
    assert refused == Usage(allowed=False, used=10, frees_after=58)


def test_after_the_limit_was_lowered_the_wait_is_until_one_really_passes(window, clock):
    for _ in range(10):
        clock.sleep(1)
        passing(window, 1)
    usage = hit(window, limit=4)
    assert not usage.allowed
    assert usage.frees_after == 57
    clock.sleep(57)
    assert hit(window, limit=4).allowed


def test_what_one_policy_refuses_counts_in_no_other(window):
    passing(window, 10)
    for _ in range(5):
        client, user = window([Limit(CLIENT, LIMIT), Limit(USER, LIMIT)])
        assert (client.allowed, user.allowed, user.used, user.frees_after) == (False, True, 0, 0)
    assert passing(window, 15, USER) == 10


def test_every_policy_has_its_own_limit_and_its_own_time(window, clock):
    both = [Limit(CLIENT, 2), Limit(USER, 3)]
    window(both)
    clock.sleep(10)
    window(both)
    clock.sleep(10)
    client, user = window(both)
    assert (client.allowed, client.frees_after, client.used) == (False, 40, 2)
    assert (user.allowed, user.frees_after, user.used) == (True, 40, 2)
    assert hit(window, USER, limit=3).allowed
    assert [usage.allowed for usage in window(both)] == [False, False]
    clock.sleep(40)
    assert all(usage.allowed for usage in window(both))


def test_sixteen_threads_get_exactly_ten_through_each_of_two_policies(window):
    start = threading.Barrier(16)

    def burst(number: int) -> int:
        start.wait()
        return passing(window, 8, CLIENT, f"vapi-user {number}")

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(burst, range(16))) == 10


@pytest.mark.usefixtures("window")
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    gaps=st.lists(st.integers(0, 20_000_000), min_size=1, max_size=60),
    limits=st.tuples(st.integers(1, 6), st.integers(1, 8)),
)
def test_no_minute_ever_holds_more_than_any_limit(make, gaps: list[int], limits: tuple[int, int]):
    clock = Clock()
    window = make(clock)
    passed: list[int] = []
    hits = [Limit(key, limit) for key, limit in zip((CLIENT, USER), limits, strict=True)]
    for gap in gaps:
        clock.now += gap * TICK
        inside = [then for then in passed if then > clock.now - WINDOW * SECOND]
        usages = window(hits)
        assert [usage.allowed for usage in usages] == [len(inside) < limit for limit in limits]
        if all(usage.allowed for usage in usages):
            passed.append(clock.now)


class TestRedis:
    """What only the window in Redis has to get right."""

    @pytest.fixture
    def client(self, redis: RedisServer) -> Iterator[RedisClient]:
        redis.flush()
        client = RedisClient(redis.url)
        yield client
        client.close()

    @pytest.fixture
    def window(self, client: RedisClient, clock: Clock) -> Hit:
        return in_redis(client, clock)

    def test_a_request_is_one_call_whatever_it_counts(self, redis, client):
        window = in_redis(client)
        redis.client.config_resetstat()
        for _ in range(20):
            window([Limit(CLIENT, 10), Limit(USER, 60)])
        calls = redis.client.info("commandstats")
        assert calls["cmdstat_evalsha"]["calls"] == 20
        assert calls["cmdstat_eval"]["calls"] == 1

    def test_redis_tells_the_time(self, client):
        window = in_redis(client, seconds=1)
        waits = (hit(window, limit=1).frees_after for _ in count())
        assert next(waits) == 1
        assert 0 < next(waits) < 1

    def test_a_key_that_nobody_hits_goes_by_itself(self, redis, client):
        hit(in_redis(client))
        (key,) = redis.client.keys()
        assert 60_000 < redis.client.pttl(key) <= 61_000

    def test_a_refused_hit_leaves_no_key_behind(self, redis, window):
        window([Limit(CLIENT, 1)])
        window([Limit(CLIENT, 1), Limit(USER, 9)])
        assert len(redis.client.keys()) == 1

    @pytest.mark.parametrize("back", [0.001, 1, 86400])
    def test_a_clock_set_back_lets_no_more_through_and_delays_by_a_minute_at_most(
        self, window, clock, back
    ):
        passing(window, 4)
        clock.sleep(20)
        passing(window, 4)
        clock.sleep(-back)
        assert passing(window, 5) == 2
        assert hit(window).frees_after <= 60
        clock.sleep(60)
        assert passing(window, 15) >= 8

    def test_one_hash_tag_holds_on_a_cluster(self, clock):
        with RedisServer("--cluster-enabled", "yes", timeout=10) as server:
            server.client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            give_up = time.monotonic() + 15
            while server.client.cluster("INFO")["cluster_state"] != "ok":
                assert time.monotonic() < give_up
                time.sleep(0.01)
            client = RedisClient(server.url)
            window = in_redis(client, clock)
            assert passing(window, 15, CLIENT, USER) == 10
            client.close()
