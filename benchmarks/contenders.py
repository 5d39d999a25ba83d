"""The breakers that are compared, each set to the same policy as far as it can be.

Policy: opens after 3 failures in a row, tries again after `recovery` seconds, closes after 2
successes. circuitbreaker and purgatory close after the first; interlock counts a share of a window,
which 3 of 3 comes nearest to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import circuitbreaker
import interlock
import purgatory
import pybreaker
import redis
from interlock.integrations.redis import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from ava.redis import RedisClient
from ava.upstream import ProviderUnreachable, Service, Transition
from ava.upstream.breaker import Breaker, Hooks, MemoryStore, Store
from ava.upstream.circuit import Rules
from ava.upstream.redis_store import RedisCircuit, SharedStore

FAILURES, SUCCESSES = 3, 2

Run = Callable[[Callable[[], None]], None]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """A breaker to measure.

    Attributes:
        make: from the recovery time, Redis' address and a listener of new states, a function that
            runs work behind a new breaker.
        shared: its state lies in Redis.
    """

    name: str
    make: Callable[[float, str, Tell], Run]
    shared: bool = False


def client(url: str) -> "redis.Redis":
    """redis-py without retries, for those who bring none of their own."""
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=1)


def _bare(recovery: float, url: str, tell: Tell) -> Run:
    return lambda work: work()


class _Listener(pybreaker.CircuitBreakerListener):
    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def state_change(self, cb: Any, old: Any, new: Any) -> None:
        self.tell(new.name)


def _telling(tell: Tell) -> Callable[[Transition], None]:
    return lambda transition: tell(transition.to_state.replace("_", "-"))


def _ava(recovery: float, url: str, tell: Tell) -> Run:
    return _ava_with(MemoryStore(), recovery, tell)


def _ava_shared(recovery: float, url: str, tell: Tell) -> Run:
    return _ava_with(SharedStore(RedisCircuit(RedisClient(url), "bench")), recovery, tell)


def _ava_with(store: Store, recovery: float, tell: Tell) -> Run:
    breaker = Breaker(
        "bench",
        rules=Rules(FAILURES, recovery, SUCCESSES),
        store=store,
        hooks=Hooks(listeners=[_telling(tell)]),
    )

    def run(work: Callable[[], None]) -> None:
        with breaker.calling():
            try:
                work()
            except ConnectionError:
                raise ProviderUnreachable(Service("bench", "Bench")) from None

    return run


def _pybreaker(recovery: float, tell: Tell, **storage: Any) -> pybreaker.CircuitBreaker:
    return pybreaker.CircuitBreaker(
        fail_max=FAILURES,
        reset_timeout=recovery,
        success_threshold=SUCCESSES,
        listeners=[_Listener(tell)],
        **storage,
    )


def _pybreaker_call(recovery: float, url: str, tell: Tell) -> Run:
    return _pybreaker(recovery, tell).call


def _pybreaker_calling(recovery: float, url: str, tell: Tell) -> Run:
    return _within(_pybreaker(recovery, tell).calling)


def _pybreaker_shared(recovery: float, url: str, tell: Tell) -> Run:
    storage = pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, client(url), namespace="bench")
    return _pybreaker(recovery, tell, state_storage=storage).call


def _pybreaker_shared_calling(recovery: float, url: str, tell: Tell) -> Run:
    storage = pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, client(url), namespace="bench")
    return _within(_pybreaker(recovery, tell, state_storage=storage).calling)


def _circuitbreaker(recovery: float, url: str, tell: Tell) -> Run:
    breaker = circuitbreaker.CircuitBreaker(
        failure_threshold=FAILURES, recovery_timeout=recovery, name="bench"
    )
    return lambda work: breaker.call(work)


def _purgatory(recovery: float, tell: Tell, uow: Any = None) -> Run:
    factory = purgatory.SyncCircuitBreakerFactory(
        default_threshold=FAILURES, default_ttl=recovery, uow=uow
    )
    factory.initialize()

    def listen(name: str, kind: str, event: Any) -> None:
        if kind == "state_changed":
            tell(event.state)

    factory.add_listener(listen)
    return _within(lambda: factory.get_breaker("bench"))


def _purgatory_local(recovery: float, url: str, tell: Tell) -> Run:
    return _purgatory(recovery, tell)


def _purgatory_shared(recovery: float, url: str, tell: Tell) -> Run:
    uow = purgatory.SyncRedisUnitOfWork(url)
    # As shipped it builds an asyncio client there, and cannot run.
    uow.contexts.redis = client(url)  # type: ignore[assignment]  # see above
    uow.contexts.initialize = lambda: None  # type: ignore[method-assign]
    return _purgatory(recovery, tell, uow)


class _InterlockListener:
    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def on_state_change(self, *, name: str, old: Any, new: Any) -> None:
        self.tell(new.value)

    def __getattr__(self, name: str) -> Any:
        return lambda **ignored: None


def _interlock(recovery: float, tell: Tell, storage: Any = None) -> Run:
    config = interlock.Config(
        failure_rate_threshold=1.0,
        minimum_number_of_calls=FAILURES,
        window_size=FAILURES,
        permitted_calls_in_half_open=SUCCESSES,
        wait_duration_in_open=recovery,
    )
    breaker = interlock.CircuitBreaker(
        name="bench", config=config, listener=_InterlockListener(tell), storage=storage
    )
    return breaker.call_sync


def _interlock_local(recovery: float, url: str, tell: Tell) -> Run:
    return _interlock(recovery, tell)


def _interlock_shared(recovery: float, url: str, tell: Tell) -> Run:
    return _interlock(recovery, tell, RedisStorage(client(url)))


def _within(guard: Callable[[], Any]) -> Run:
    def run(work: Callable[[], None]) -> None:
        with guard():
            work()

    return run


BARE = Contender("no breaker", _bare)
IN_PROCESS = (
    Contender("AVA", _ava),
    Contender("pybreaker `call()`", _pybreaker_call),
    Contender("pybreaker `calling()`", _pybreaker_calling),
    Contender("circuitbreaker", _circuitbreaker),
    Contender("purgatory", _purgatory_local),
    Contender("interlock-cb", _interlock_local),
)
SHARED = (
    Contender("AVA, Redis", _ava_shared, shared=True),
    Contender("pybreaker `call()`, Redis", _pybreaker_shared, shared=True),
    Contender("pybreaker `calling()`, Redis", _pybreaker_shared_calling, shared=True),
    Contender("purgatory, Redis (client swapped)", _purgatory_shared, shared=True),
    Contender("interlock-cb, Redis", _interlock_shared, shared=True),
)
