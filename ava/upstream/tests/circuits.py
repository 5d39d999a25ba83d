"""Circuit stores of workers, driven step by step; and a Redis that is lost when a test says so."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from ava.redis import RedisClient, RedisUnavailable
from ava.upstream import circuit as states
from ava.upstream.breaker import Snapshot, Store, snapshot_of
from ava.upstream.circuit import (
    Change,
    Circuit,
    OperatorOverride,
    Outcome,
    Refusal,
    Rules,
    State,
    Ticket,
)

RULES = Rules(threshold=3, recovery=60.0, successes=2)
STORE_RULES = Rules(threshold=3, recovery=30.0, successes=2)
LEASE = 12.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Worker:
    """One process' store, with the events of the state machine as methods.

    Each returns the last change it made, or None; `changes` keeps them all.
    """

    def __init__(self, store: Store, rules: Rules = RULES) -> None:
        self.store = store
        self.rules = rules
        self.changes: list[Change] = []

    def admit(
        self,
        tenant: str | None = None,
        *,
        lease: float = LEASE,
        override: OperatorOverride | None = None,
    ) -> tuple[Ticket | Refusal, Change | None]:
        return self._apply(
            partial(states.admit, rules=self.rules, lease=lease, tenant=tenant, override=override)
        )

    def record(self, ticket: Ticket, outcome: Outcome) -> Change | None:
        event = partial(states.record, rules=self.rules, ticket=ticket, outcome=outcome)
        return self._apply(event)[1]

    def obey(self, override: OperatorOverride | None) -> Change | None:
        return self._apply(partial(states.obey, override=override))[1]

    def move(self, to: State, reason: str = "by hand") -> Change | None:
        return self._apply(partial(states.move, to=to, reason=reason))[1]

    def catch_up(self) -> Change | None:
        """As maintenance does, without an override."""
        return self.obey(None)

    def snapshot(
        self, override: OperatorOverride | None = None, tenant: str | None = None
    ) -> Snapshot:
        return snapshot_of(self.store.read(), rules=self.rules, tenant=tenant, override=override)

    @property
    def circuit(self) -> Circuit:
        return self.store.read().circuit

    @property
    def is_alone(self) -> bool:
        return self.store.read().degraded

    def admitted(self, tenant: str | None = None) -> Ticket:
        answer, _ = self.admit(tenant)
        assert isinstance(answer, Ticket)
        return answer

    def refused(self, tenant: str | None = None) -> Refusal:
        answer, _ = self.admit(tenant)
        assert isinstance(answer, Refusal)
        return answer

    def settle(self, outcome: Outcome, tenant: str | None = None) -> Change | None:
        return self.record(self.admitted(tenant), outcome)

    def trip(self, tenant: str | None = None) -> Change | None:
        """Failures up to the threshold; the change that the last of them makes."""
        changes = [self.settle(Outcome.FAILURE, tenant) for _ in range(self.rules.threshold)]
        assert changes[:-1] == [None] * (self.rules.threshold - 1)
        return changes[-1]

    def _apply(self, event: Callable[[Circuit, float], Any]) -> tuple[Any, Change | None]:
        answer, changes = self.store.apply(event)
        self.changes += changes
        return answer, changes[-1] if changes else None


class FakeRedis:
    """Redis with one kind of script, the breaker's, on a test's clock. Never waits.

    Attributes:
        lost: no command reaches it.
        answers_lost: commands are carried out, but the answer is lost.
        frozen: commands wait until `thaw`, and their answers are lost.
        interrupt: called before each write, to let others be faster.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.values: dict[str, bytes] = {}
        self.lost = self.answers_lost = self.frozen = self.read_only = False
        self.interrupt: Callable[[], object] | None = None
        self.commands = self.writes = 0
        self._waiting: list[tuple[str, tuple[bytes, ...]]] = []
        self._lock = threading.RLock()

    def run(self, script: Any, keys: Any, args: Any = ()) -> Any:
        given = tuple(arg if isinstance(arg, bytes) else str(arg).encode() for arg in args)
        if given and self.interrupt is not None:
            interrupt, self.interrupt = self.interrupt, None
            interrupt()
        if self.frozen:
            self._waiting.append((keys[0], given))
        if self.lost or self.frozen:
            raise RedisUnavailable
        held = self._carry_out(keys[0], given)
        if self.answers_lost:
            raise RedisUnavailable
        return [held, *seconds_of(self.clock())]

    def _carry_out(self, key: str, args: tuple[bytes, ...]) -> bytes:
        with self._lock:
            held = self.values.get(key, b"")
            self.commands += 1
            if args and args[0] == held:
                if self.read_only:
                    raise RedisUnavailable
                self.values[key] = args[1]
                self.writes += 1
            return held

    def thaw(self) -> None:
        self.frozen = False
        waiting, self._waiting = self._waiting, []
        for key, args in waiting:
            self._carry_out(key, args)

    def flush(self) -> None:
        self.values.clear()


class OnClock:
    """A real Redis whose clock is a test's."""

    def __init__(self, client: RedisClient, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock

    def run(self, script: Any, keys: Any, args: Any = ()) -> Any:
        held, _, _ = self._client.run(script, keys, args)
        return [held, *seconds_of(self._clock())]


def seconds_of(now: float) -> tuple[bytes, bytes]:
    """A moment as Redis' TIME has it."""
    micro = round(now * 1_000_000)
    return b"%d" % (micro // 1_000_000), b"%d" % (micro % 1_000_000)


class OwnLine:
    """One worker's way to Redis, which may be cut while the others' is not."""

    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self.cut = False

    def run(self, script: Any, keys: Any, args: Any = ()) -> Any:
        if self.cut:
            raise RedisUnavailable
        return self._redis.run(script, keys, args)


def half_open(store: Worker, clock: Clock) -> None:
    store.trip()
    clock.advance(30)
    store.settle(Outcome.NEUTRAL)
    assert store.snapshot().state == "half_open"
