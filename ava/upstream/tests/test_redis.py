"""The Lua of the shared circuit: the same machine as `states.py`, and how Redis keeps it."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from ava.redis import RedisClient, RedisUnavailable
from ava.upstream.circuit import Change, Order, Outcome, Refusal, Rules, Snapshot, Ticket
from ava.upstream.memory import MemoryStore
from ava.upstream.redis import RedisStore
from ava.upstream.tests.conftest import Clock, _numbers
from tests.redis import RedisServer

RULES = Rules(threshold=2, recovery=8.0, successes=2)
KEY = "ava:{breaker:vapi}:circuit"

TENANTS = (None, "ada", "eve")
WHO = st.sampled_from(TENANTS)
SECONDS = st.sampled_from([None, 0, 0.25, 3, 8, 20])
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([0.25, 1, 4, 7.75, 8])),
    st.tuples(st.just("wait"), st.sampled_from([-0.25, -5, -900])),
    st.tuples(st.just("admit"), st.sampled_from([0.5, 4.0]), WHO),
    st.tuples(st.just("admit"), st.sampled_from([0.5, 4.0]), WHO),
    st.tuples(st.just("record"), st.integers(0, 9), st.sampled_from(Outcome)),
    st.tuples(st.just("record"), st.just(0), st.sampled_from(Outcome)),
    st.tuples(st.just("fail"), st.integers(1, 3), WHO),
    st.tuples(st.just("outage"), st.sampled_from([7.75, 8, 8, 20]), WHO),
    st.tuples(st.just("move"), st.sampled_from(["closed", "half_open", "open"])),
    st.tuples(
        st.just("obey"),
        st.builds(
            Order,
            st.integers(1, 6),
            st.sampled_from([None, "open", "closed"]),
            SECONDS,
            st.just("o"),
        ),
    ),
    st.tuples(
        st.just("look"),
        st.none() | st.builds(Order, st.integers(1, 6), st.sampled_from([None, "open"]), SECONDS),
    ),
)


class Side:
    """One store with the tickets it has handed out; generations are numbered as they come."""

    def __init__(self, store: MemoryStore | RedisStore) -> None:
        self.store = store
        self.tickets: list[Ticket] = []
        self.generations: dict[int, int] = {}

    def admit(self, lease: float, tenant: str | None) -> Any:
        answer, change, *_ = self.store.admit(RULES, lease, tenant)
        if isinstance(answer, Refusal):
            return answer, change
        self.tickets.append(answer)
        return self.number(answer.generation), answer.probe, change

    def record(self, back: int, outcome: Outcome) -> Any:
        if back >= len(self.tickets):
            return None
        found = self.store.record(RULES, self.tickets[-1 - back], outcome)
        return found[0] if found and not isinstance(found, Change) else found

    def fail(self, times: int, tenant: str | None) -> Any:
        return [(self.admit(4.0, tenant), self.record(0, Outcome.FAILURE)) for _ in range(times)]

    def move(self, to: Any) -> Any:
        return self.order_of("move", to, "by hand")

    def obey(self, order: Order) -> Any:
        return self.order_of("obey", order)

    def look(self, order: Order | None) -> Any:
        seen = self.store.snapshot(RULES, order)
        waits = [self.store.snapshot(RULES, order, one).met_by(one).retry_after for one in TENANTS]
        return seen.state, seen.failures, seen.successes, seen.only, waits

    def order_of(self, verb: str, *given: Any) -> Any:
        first = (RULES,) if isinstance(self.store, MemoryStore) else ()
        return getattr(self.store, verb)(*first, *given)

    def number(self, generation: int) -> int:
        return self.generations.setdefault(generation, len(self.generations))


def test_lua_and_python_do_the_same_whatever_happens(link: RedisClient) -> None:
    @settings(max_examples=200, deadline=None, database=None)
    @given(st.lists(STEPS, min_size=10, max_size=40))
    def agree(steps: list[tuple[Any, ...]]) -> None:
        clock = Clock()
        clock.advance(1_000_000)  # it never goes back to before the epoch
        shared = RedisStore(link, f"diff{next(_numbers)}", clock=clock)
        sides = Side(MemoryStore(clock)), Side(shared)
        for step in steps:
            for kind, *more in expand(step):
                if kind == "wait":
                    clock.advance(*more)
                    continue
                ours, theirs = (getattr(side, kind)(*more) for side in sides)
                assert ours == theirs, step
            ours, theirs = (side.look(None) for side in sides)
            assert ours == theirs, step

    agree()


def expand(step: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """An outage leads to half-open, where chance alone seldom goes."""
    if step[0] != "outage":
        return [step]
    _, seconds, tenant = step
    return [("fail", RULES.threshold, tenant), ("wait", seconds), ("admit", 4.0, tenant)]


def tripped(store: RedisStore) -> None:
    for _ in range(RULES.threshold):
        ticket = store.admit(RULES, 4.0)[0]
        assert isinstance(ticket, Ticket)
        store.record(RULES, ticket, Outcome.FAILURE)


@pytest.fixture
def store(link: RedisClient) -> RedisStore:
    return RedisStore(link, "vapi")


def test_the_time_is_redis_own(store: RedisStore, link: RedisClient, redis: RedisServer) -> None:
    tripped(store)
    seconds, micro = redis.client.time()
    opened_at = int(redis.client.hget(KEY, "opened_at"))
    assert 0 <= seconds * 1_000_000 + micro - opened_at < 5_000_000
    refusal = store.admit(RULES, 4.0)[0]
    assert isinstance(refusal, Refusal)
    assert 0 < refusal.retry_after <= RULES.recovery


def test_admission_and_record_are_one_command_each(store: RedisStore, redis: RedisServer) -> None:
    tripped(store)
    redis.client.config_resetstat()
    store.obey(Order(1))
    for _ in range(5):
        ticket = store.admit(RULES, 4.0)[0]
        assert isinstance(ticket, Ticket)
        store.record(RULES, ticket, Outcome.SUCCESS)
    calls = redis.client.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 11
    assert "cmdstat_set" not in calls


def test_a_success_while_closed_writes_nothing(store: RedisStore, redis: RedisServer) -> None:
    store.admit(RULES, 4.0)
    redis.client.config_resetstat()
    ticket = store.admit(RULES, 4.0)[0]
    assert isinstance(ticket, Ticket)
    store.record(RULES, ticket, Outcome.SUCCESS)
    assert "cmdstat_hset" not in redis.client.info("commandstats")


def test_only_a_closed_circuit_that_nobody_holds_is_ever_dropped(
    store: RedisStore, redis: RedisServer
) -> None:
    store.admit(RULES, 4.0)
    assert redis.client.ttl(KEY) > 3600
    tripped(store)
    assert redis.client.ttl(KEY) == -1
    store.obey(Order(1))
    assert redis.client.ttl(KEY) > 3600
    store.obey(Order(2, "closed"))
    assert redis.client.ttl(KEY) == -1


def test_a_circuit_in_use_is_not_dropped(store: RedisStore, redis: RedisServer) -> None:
    store.admit(RULES, 4.0)
    redis.client.expire(KEY, 60)
    store.admit(RULES, 4.0)
    assert redis.client.ttl(KEY) > 3600


def test_a_ticket_from_before_redis_forgot_is_never_heard(
    store: RedisStore, redis: RedisServer
) -> None:
    old = [store.admit(RULES, 4.0)[0] for _ in range(RULES.threshold)]
    redis.flush()
    store.admit(RULES, 4.0)
    for ticket in old:
        assert isinstance(ticket, Ticket)
        assert store.record(RULES, ticket, Outcome.FAILURE) is None
    assert store.snapshot(RULES).failures == 0


def test_services_share_nothing(store: RedisStore, link: RedisClient) -> None:
    tripped(store)
    assert isinstance(RedisStore(link, "twilio").admit(RULES, 4.0)[0], Ticket)


def test_looking_is_no_write(store: RedisStore, redis: RedisServer) -> None:
    assert store.snapshot(RULES) == Snapshot("closed", 0, 0, None, 0)
    assert redis.client.keys() == []
    redis.client.replicaof("127.0.0.1", "9")  # a replica refuses to write
    try:
        assert store.snapshot(RULES).state == "closed"
    finally:
        redis.client.replicaof("NO", "ONE")


@pytest.mark.parametrize(
    "forged",
    [
        {"state": "bogus"},
        {"state": ""},
        {"forced": "maybe"},
        {"generation": "x"},
        {"generation": "1e300"},
        {"generation": "1.5"},
        {"epoch": "nan"},
        {"failures": "-1"},
        {"order": "9e18"},
        {"opened_at": "9e17"},
    ],
)
@pytest.mark.parametrize("state", ["closed", "open"])
def test_what_is_no_circuit_is_taken_for_none(
    store: RedisStore, redis: RedisServer, state: Any, forged: dict[str, str]
) -> None:
    store.admit(RULES, 4.0)
    store.move(state, "by hand")
    redis.client.hset(KEY, mapping=forged)
    assert store.snapshot(RULES).state in ("closed", "open")
    store.record(RULES, Ticket(5), Outcome.FAILURE)
    store.admit(RULES, 4.0)
    store.obey(Order(1))
    assert isinstance(store.admit(RULES, 4.0)[0], Ticket)
    tripped(store)
    assert store.snapshot(RULES).state == "open"


def test_an_open_circuit_of_the_previous_release_is_open_for_all(
    store: RedisStore, redis: RedisServer
) -> None:
    """It does not say whose the failures were."""
    tripped(store)
    redis.client.hdel(KEY, "only", "others")
    seen = store.snapshot(RULES)
    assert (seen.state, seen.failures, seen.only) == ("open", 2, None)
    for tenant in (None, "7", "8"):
        assert isinstance(store.admit(RULES, 4.0, tenant)[0], Refusal)


def test_a_closed_circuit_of_the_previous_release_goes_on_counting(
    store: RedisStore, redis: RedisServer
) -> None:
    ticket = store.admit(RULES, 4.0, "7")[0]
    assert isinstance(ticket, Ticket)
    store.record(RULES, ticket, Outcome.FAILURE)
    redis.client.hdel(KEY, "only", "others")
    assert store.snapshot(RULES).failures == 1
    store.record(RULES, ticket, Outcome.FAILURE)
    store.record(RULES, ticket, Outcome.FAILURE)
    assert store.snapshot(RULES).state == "open"


def test_a_key_of_another_kind_is_no_lost_redis(
    store: RedisStore, link: RedisClient, redis: RedisServer
) -> None:
    redis.client.set(KEY, "somebody else's")
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            store.admit(RULES, 4.0)
    assert link.losses == 0
    redis.client.delete(KEY)
    assert isinstance(store.admit(RULES, 4.0)[0], Ticket)


def test_it_runs_on_a_cluster_that_refuses_keys_of_several_slots() -> None:
    with RedisServer("--cluster-enabled", "yes", timeout=5) as server:
        server.client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
        give_up = time.monotonic() + 10
        while b"cluster_state:ok" not in _info(server):
            assert time.monotonic() < give_up
            time.sleep(0.02)
        with pytest.raises(ResponseError, match="same slot"):
            server.client.mget("a", "b")
        link = RedisClient(server.url)
        try:
            for label in ("vapi", "twilio"):
                store = RedisStore(link, label)
                tripped(store)
                store.obey(Order(1, "open", seconds=60))
                store.obey(Order(2))
                store.move("open", "by hand")
                store.rejoin(RULES, Order(3), 0, 1.0)
                assert store.snapshot(RULES).state == "closed"
        finally:
            link.close()


def _info(server: RedisServer) -> bytes:
    found = server.client.execute_command("CLUSTER", "INFO")
    return found if isinstance(found, bytes) else str(found).encode()
