"""Circuit of a breaker in Redis, shared by all processes, and in this process while Redis is lost.

In Redis it is one JSON value, changed by compare-and-set: read before each event, written only
where the event changes it. Time is Redis' own clock, so machines whose clocks differ agree.

While Redis is lost a process goes on alone, with a copy of the circuit that it saw last, on Redis'
clock as it last knew it. Its next event that reaches Redis brings in what it has come to know
(`rejoin`), in the same step. A write whose answer was lost is looked for then, and its change
returned (docs/adr/0012).

A ticket need not know on which side it was handed out: both count generations on from the same
number, and after a change of its own neither side knows the other's.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import NamedTuple, TypeVar, get_args

from ava import redis
from ava.redis import RedisClient, RedisUnavailable, Script
from ava.upstream.breaker import MemoryStore, Store, View
from ava.upstream.circuit import Change, Circuit, Event, Forced, State

T = TypeVar("T")

# ARGV: the value seen and the one to set; neither to read. Returns what was there, and the time.
_COMPARE_AND_SET = Script("""\
local held, now = redis.call('GET', KEYS[1]) or '', redis.call('TIME')
if ARGV[1] == held then redis.call('SET', KEYS[1], ARGV[2]) end
return {held, now[1], now[2]}
""")

ADOPTED = "open on a worker while Redis was lost"

KEPT_WRITERS = 16

# One of those that race wins each time, so no one loses as often as this.
_TRIES = 50

_NAMES = frozenset(field.name for field in fields(Circuit))
_LARGEST = 2**53
_STATES = get_args(State)
_FORCED = (*get_args(get_args(Forced)[0]), None)


class CircuitValue(NamedTuple):
    circuit: Circuit
    # Marks of the latest writes that changed the state, the newest last. By its mark a process
    # learns whether a write took place whose answer it never got.
    writers: tuple[str, ...]
    raw: bytes  # the value itself, for comparison; empty where there is none
    now: float  # seconds on Redis' clock


class RedisCircuit:
    def __init__(self, client: RedisClient, label: str) -> None:
        self._client = client
        # With a hash tag, for Redis Cluster.
        self._keys = (f"ava:{{breaker:{label}}}:state",)

    def read(self) -> CircuitValue:
        return self._run(())

    def swap(self, seen: CircuitValue, circuit: Circuit, writer: str = "") -> CircuitValue:
        """Write a circuit in place of the value seen, unless it has changed meanwhile.

        Returns the value before, which was replaced if it is the one seen. `writer` marks the
        write, if it is to be found again.
        """
        writers = (*seen.writers, writer)[-KEPT_WRITERS:] if writer else seen.writers
        value = {name: kept for name, kept in asdict(circuit).items() if kept}
        return self._run((seen.raw, json.dumps({**value, "writers": writers})))

    def _run(self, args: tuple[bytes | str, ...]) -> CircuitValue:
        raw, seconds, micro = self._client.run(_COMPARE_AND_SET, self._keys, args)
        return CircuitValue(*_decoded(raw), raw, int(seconds) + int(micro) / 1_000_000)


def _decoded(raw: bytes) -> tuple[Circuit, tuple[str, ...]]:
    """The circuit and its writers; what is no circuit, for whatever reason, is a new one."""
    try:
        value = json.loads(raw)
        circuit = Circuit(**{name: value[name] for name in _NAMES & value.keys()})
        if _is_valid(circuit):
            return circuit, tuple(map(str, value.get("writers", ())))
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    return Circuit(), ()


def _is_valid(circuit: Circuit) -> bool:
    whole = (circuit.order, circuit.generation, circuit.failures, circuit.successes)
    counts = (*whole, circuit.probe, circuit.others)
    times = (circuit.forced_at, circuit.opened_at, circuit.leased_at)
    maybe = (circuit.forced_for or 0, circuit.lease or 0, circuit.left_closed_at or 0)
    numbers = (*counts, *times, *maybe)
    return (
        circuit.state in _STATES
        and circuit.forced in _FORCED
        and isinstance(circuit.only, str | None)
        and all(isinstance(count, int) for count in counts)
        and all(0 <= number <= _LARGEST for number in numbers)
    )


class SharedStore:
    """The circuit that all processes share, or while Redis is lost this process' own."""

    def __init__(self, shared: RedisCircuit, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._clock = clock
        self._ahead = time.time() - clock()  # seconds by which Redis' clock is ahead of this one
        self._lock = threading.Lock()
        self._seen: Circuit | None = None
        self._alone: MemoryStore | None = None
        self._unanswered: dict[str, tuple[Change, ...]] = {}

    def apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        try:
            return self._apply(event)
        except RedisUnavailable:
            answer, changes = self._part().apply(event)
        return answer, tuple(replace(change, local=True) for change in changes)

    def read(self) -> View:
        seen, alone = self._seen, self._alone
        try:
            if alone is None:
                value = self._shared.read()
                return View(rejoin(value.circuit, seen, None)[0], value.now)
        except RedisUnavailable:
            alone = self._part()
        return alone.read()._replace(degraded=True)

    def _apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        # Known before the circuit is read: what is read is no older.
        seen, alone, unanswered = self._seen, self._alone, tuple(self._unanswered)
        own = alone.read().circuit if alone else None
        value = self._shared.read()
        for _ in range(_TRIES):
            circuit, brought = rejoin(value.circuit, seen, own)
            circuit, answer, changes = event(circuit, value.now)
            changes = (*brought, *changes)
            # Coming back is a write, too: a replica can be read. And an earlier write that is still
            # under way then comes too late, as it finds another value.
            returns = alone is not None or bool(unanswered)
            if circuit != value.circuit or returns:
                before = self._swap(value, circuit, changes, mark=returns or bool(changes))
                if before.raw != value.raw:
                    value = before
                    continue
            with self._lock:
                self._ahead = value.now - self._clock()
                if self._seen is None or circuit.generation >= self._seen.generation:
                    self._seen = circuit
                if self._alone is alone:
                    self._alone = None
            # Changes of writes that took place after all, for the one thread that asks first.
            found = [(mark, self._unanswered.pop(mark, ())) for mark in unanswered]
            took_place = [each for mark, made in found if mark in value.writers for each in made]
            return answer, (*took_place, *changes)
        raise RedisUnavailable

    def _swap(
        self, value: CircuitValue, circuit: Circuit, changes: tuple[Change, ...], *, mark: bool
    ) -> CircuitValue:
        writer = uuid.uuid4().hex[:12] if mark else ""
        try:
            return self._shared.swap(value, circuit, writer)
        except RedisUnavailable:
            if changes:
                self._unanswered[writer] = changes
            raise

    def _part(self) -> MemoryStore:
        with self._lock:
            if self._alone is None:
                self._alone = MemoryStore(lambda: self._clock() + self._ahead, self._seen)
            return self._alone


def rejoin(
    shared: Circuit, seen: Circuit | None, alone: Circuit | None
) -> tuple[Circuit, tuple[Change, ...]]:
    """The shared circuit, with what a process knows that the store has missed or forgotten. Pure.

    A store that holds an older generation than was seen in it has forgotten (it was flushed, or a
    replica took over): what was seen is put back. What opened while the process was alone opens
    for all, if nothing has happened to the shared circuit since.
    """
    if seen and shared.generation < seen.generation:
        shared = seen
    began = seen.generation if seen else 0
    if (
        alone is None
        or alone.state == "closed"
        or alone.forced
        or alone.generation == began
        or shared.state != "closed"
        or shared.forced
        or (seen and shared.generation > began)
    ):
        return shared, ()
    generation = max(alone.generation, shared.generation + 1)
    adopted = replace(alone, state="open", generation=generation, successes=0, lease=None)
    return adopted, (Change(shared.state, "open", ADOPTED),)


def store_for(label: str) -> Store:
    client = redis.get_client()
    return MemoryStore() if client is None else SharedStore(RedisCircuit(client, label))
