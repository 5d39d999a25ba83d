"""Fixtures of one test: a provider on a raw server, a door to it, stores, a clock to move."""

import itertools
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ava import upstream
from ava.redis import RedisClient
from ava.upstream import Door, Policy, Service, metrics, register
from ava.upstream.breaker import Hooks, MemoryStore
from ava.upstream.circuit import Rules
from ava.upstream.door import _doors
from ava.upstream.redis_store import RedisCircuit, SharedStore
from ava.upstream.tests.circuits import STORE_RULES, Clock, FakeRedis, OnClock, Worker
from ava.upstream.tests.wire import Script, Wire
from tests.redis import RedisServer, patient

_numbers = itertools.count()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis; a test that stops or freezes it starts or thaws it again."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def link(redis: RedisServer) -> Iterator[RedisClient]:
    """A link to an empty Redis."""
    redis.flush()
    link = RedisClient(patient(redis.plain_url, 5))
    yield link
    link.close()


@pytest.fixture
def fake(clock: Clock) -> FakeRedis:
    """A Redis on the test's clock, that is lost when the test says so."""
    return FakeRedis(clock)


@pytest.fixture
def worker_on() -> Callable[[Any, Clock], Worker]:
    """Makes the store of another worker process, over this way to Redis."""
    return lambda client, clock: Worker(SharedStore(RedisCircuit(client, "vapi"), clock))


@pytest.fixture
def worker(
    fake: FakeRedis, clock: Clock, worker_on: Callable[[Any, Clock], Worker]
) -> Callable[..., Worker]:
    """The same, over the test's Redis."""
    return lambda client=fake: worker_on(client, clock)


@pytest.fixture(params=["in this process", "in Redis"])
def kind(request: pytest.FixtureRequest) -> Any:
    """Where the circuit is kept."""
    return request.param


@pytest.fixture
def make_store(kind: str, request: pytest.FixtureRequest) -> Callable[[Clock, Rules], Worker]:
    """Makes a new circuit of either kind, on the test's clock."""
    if kind == "in this process":
        return lambda clock, rules: Worker(MemoryStore(clock), rules)
    link = request.getfixturevalue("link")

    def make(clock: Clock, rules: Rules) -> Worker:
        shared = RedisCircuit(OnClock(link, clock), f"test{next(_numbers)}")
        return Worker(SharedStore(shared, clock), rules)

    return make


@pytest.fixture
def store(make_store: Callable[[Clock, Rules], Worker], clock: Clock) -> Worker:
    return make_store(clock, STORE_RULES)


@pytest.fixture
def examples(kind: str) -> int:
    """How many random histories there is time for."""
    return 150 if kind == "in this process" else 50


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The apps' listeners and sources, which ask the database, stay out of it."""
    for name, value in vars(Hooks()).items():
        monkeypatch.setattr(upstream.hooks, name, value)


@pytest.fixture
def make_door() -> Iterator[Callable[..., Door]]:
    """Registers a provider under a label of its own, for this test only."""
    labels = []

    def make(base_url: str, name: str = "Test Provider", **policy: Any) -> Door:
        label = f"test{next(_numbers)}"
        labels.append(label)
        policy.setdefault("backoff", 0.0)
        register(Service(label, name), base_url=lambda: base_url, policy=Policy(**policy))
        return upstream.door(label)

    yield make
    for label in labels:
        _doors.pop(label).transport.drop_idle()


@pytest.fixture
def serve() -> Iterator[Callable[..., Wire]]:
    """Starts raw servers that follow a script for each connection."""
    wires = []

    def start(script: Script, **options: Any) -> Wire:
        wire = Wire(script, **options)
        wires.append(wire)
        return wire

    yield start
    for wire in wires:
        wire.close()


@pytest.fixture
def trusted(certificate, monkeypatch):
    """A server's TLS context; the certificate is the authority that AVA trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def counted(counter: Any, door: Door) -> float:
    """A counter's value for this door's provider."""
    return counter.labels(door.service.label)._value.get()


def opened(door: Door) -> float:
    return counted(metrics.CONNECTIONS_OPENED, door)


def reused(door: Door) -> float:
    return counted(metrics.CONNECTIONS_REUSED, door)
