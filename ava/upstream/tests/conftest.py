"""A provider made for one test: a raw server, a door to it, and a clock that stands still."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ava.upstream import Door, Policy, Service, metrics, register, registry
from ava.upstream.tests.wire import Script, Wire

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


@pytest.fixture
def listeners() -> Iterator[list[Any]]:
    """The transitions' listeners; those a test adds go with it."""
    before = list(registry._listeners)
    yield registry._listeners
    registry._listeners[:] = before


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


def counted(counter: Any, door: Door) -> float:
    """A counter's value for this door's provider."""
    return counter.labels(door.service.label)._value.get()


def opened(door: Door) -> float:
    return counted(metrics.CONNECTIONS_OPENED, door)


def reused(door: Door) -> float:
    return counted(metrics.CONNECTIONS_REUSED, door)
