"""Circuit breaker state in Redis: one JSON value, changed by compare-and-set.

The value is read before each event and written only where the event changes it. Time is Redis'
own clock, so machines whose clocks differ agree.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any, NamedTuple, Protocol, get_args

from ava import redis
from ava.redis import RedisUnavailable, Script
from ava.upstream.circuit import Circuit, Forced, State

__all__ = ["CircuitValue", "RedisCircuit", "RedisUnavailable", "connect"]

# ARGV: the value seen and the one to set; neither to read. Returns what was there, and the time.
_COMPARE_AND_SET = Script("""\
local held, now = redis.call('GET', KEYS[1]) or '', redis.call('TIME')
if ARGV[1] == held then redis.call('SET', KEYS[1], ARGV[2]) end
return {held, now[1], now[2]}
""")

KEPT_WRITERS = 16
_NAMES = frozenset(field.name for field in fields(Circuit))
_LARGEST = 2**53
_STATES = get_args(State)
_FORCED = (*get_args(get_args(Forced)[0]), None)


class Client(Protocol):
    """What is used of the Redis client. `run` raises RedisUnavailable."""

    def run(self, script: Script, keys: Any, args: Any = ()) -> Any: ...


class CircuitValue(NamedTuple):
    """The circuit as it lies in Redis.

    Attributes:
        writers: marks of the latest writes that changed the state, the newest last. By its mark a
            process learns whether a write took place whose answer it never got.
        raw: the value itself, for comparison; empty where there is none.
        now: seconds on Redis' clock.
    """

    circuit: Circuit
    writers: tuple[str, ...]
    raw: bytes
    now: float


class RedisCircuit:
    """The circuit of one service in Redis.

    Args:
        label: the service's. The key has a hash tag, for Redis Cluster.
        clock: seconds, for tests; Redis' own clock when left out.
    """

    def __init__(
        self, client: Client, label: str, clock: Callable[[], float] | None = None
    ) -> None:
        self._client = client
        self._keys = (f"ava:{{breaker:{label}}}:state",)
        self._clock = clock

    def read(self) -> CircuitValue:
        """Raises: RedisUnavailable."""
        return self._run(())

    def swap(self, seen: CircuitValue, circuit: Circuit, writer: str = "") -> CircuitValue:
        """Write a circuit in place of the value seen, unless it has changed meanwhile.

        Args:
            writer: mark of this write, if it is to be found again.

        Returns:
            The value before; it was replaced if it is the one seen.

        Raises:
            RedisUnavailable: the write may or may not have taken place.
        """
        writers = (*seen.writers, writer)[-KEPT_WRITERS:] if writer else seen.writers
        value = {name: kept for name, kept in asdict(circuit).items() if kept}
        return self._run((seen.raw, json.dumps({**value, "writers": writers})))

    def _run(self, args: tuple[bytes | str, ...]) -> CircuitValue:
        raw, seconds, micro = self._client.run(_COMPARE_AND_SET, self._keys, args)
        now = self._clock() if self._clock else int(seconds) + int(micro) / 1_000_000
        return CircuitValue(*_decoded(raw), raw, now)


def connect(label: str) -> RedisCircuit | None:
    """The circuit of a service in the Redis of `REDIS_URL`; None where none is set."""
    client = redis.get_client()
    return None if client is None else RedisCircuit(client, label)


def _decoded(raw: bytes) -> tuple[Circuit, tuple[str, ...]]:
    """What is no circuit, for whatever reason, is a new one."""
    try:
        value = json.loads(raw)
        circuit = Circuit(**{name: value[name] for name in _NAMES & value.keys()})
        writers = tuple(map(str, value.get("writers", ())))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Circuit(), ()
    return (circuit, writers) if _is_valid(circuit) else (Circuit(), ())


def _is_valid(circuit: Circuit) -> bool:
    whole = (circuit.order, circuit.generation, circuit.failures, circuit.successes)
    times = (circuit.forced_at, circuit.opened_at, circuit.leased_at)
    optional = (circuit.forced_for or 0, circuit.lease or 0)
    return (
        circuit.state in _STATES
        and circuit.forced in _FORCED
        and isinstance(circuit.only, str | None)
        and all(isinstance(count, int) for count in (*whole, circuit.probe, circuit.others))
        and all(isinstance(time, int | float) for time in (*times, *optional))
        and all(
            0 <= number <= _LARGEST
            for number in (*whole, circuit.probe, circuit.others, *times, *optional)
        )
    )
