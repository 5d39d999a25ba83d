"""A provider made for one test: a raw server, a door to it, and a clock that stands still."""

import itertools
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ava.redis import RedisClient
from ava.upstream import Door, Policy, Service, metrics, register, registry
from ava.upstream.memory import MemoryStore
from ava.upstream.redis import RedisStore
from ava.upstream.shared import SharedStore
from ava.upstream.store import Store
from ava.upstream.tests.wire import Script, Wire
from tests.redis import RedisServer, patient

_numbers = itertools.count()


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


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
def links(redis: RedisServer) -> Iterator[Callable[[], RedisClient]]:
    """Makes links, each as of a process of its own."""
    redis.flush()
    made: list[RedisClient] = []

    def link() -> RedisClient:
        made.append(RedisClient(patient(redis.plain_url, 0.2)))
        return made[-1]

    yield link
    redis.thaw()
    if redis.process.poll() is not None:
        redis.start()
    for one in made:
        one.close()


@pytest.fixture
def worker(links: Callable[[], RedisClient]) -> Callable[..., SharedStore]:
    """Makes a worker: the store of one process, with a link of its own."""

    def make(clock: Callable[[], float] = time.monotonic) -> SharedStore:
        return SharedStore(RedisStore(links(), "vapi"), MemoryStore(clock), clock)

    return make


@pytest.fixture(params=["in this process", "in Redis"])
def make_store(request: pytest.FixtureRequest) -> Callable[[Clock], Store]:
    """Makes a new circuit of either kind, on the test's clock."""
    if request.param == "in this process":
        return MemoryStore
    link = request.getfixturevalue("link")

    def make(clock: Clock) -> Store:
        shared = RedisStore(link, f"test{next(_numbers)}", clock=clock)
        return SharedStore(shared, MemoryStore(clock), clock)

    return make


@pytest.fixture
def examples(make_store: Callable[[Clock], Store]) -> int:
    """How many random histories there is time for."""
    return 150 if make_store is MemoryStore else 50


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The apps' listeners and sources, which ask the database, stay out of it."""
    monkeypatch.setattr(registry, "_listeners", [])
    monkeypatch.setattr(registry, "_switch", lambda: True)
    monkeypatch.setattr(registry, "_control", lambda label: None)


@pytest.fixture
def make_door() -> Iterator[Callable[..., Door]]:
    """Registers a provider under a label of its own, for this test only."""
    labels = []

    def make(base_url: str, name: str = "Test Provider", **policy: Any) -> Door:
        label = f"test{next(_numbers)}"
        labels.append(label)
        policy.setdefault("backoff", 0.0)
        register(Service(label, name), base_url=lambda: base_url, policy=Policy(**policy))
        return registry.door(label)

    yield make
    for label in labels:
        registry._doors.pop(label).works.transport.close()


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
    """A server's TLS context; the certificate is among those that requests trusts."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", certificate)
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
