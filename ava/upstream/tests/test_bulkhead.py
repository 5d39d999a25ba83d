"""A hung provider holds so many threads and no more."""

import contextvars
import threading
from contextlib import ExitStack

import pytest

from ava.upstream import ProviderBusy, metrics
from ava.upstream.bulkhead import in_background
from ava.upstream.tests.conftest import counted
from ava.upstream.tests.wire import OK, answering


def test_the_ninth_caller_of_a_hung_provider_is_told_at_once(serve, make_door):
    inside, leave = threading.Semaphore(0), threading.Event()

    def script(line):
        while line.read_request():
            inside.release()
            leave.wait(10)
            line.send(OK)

    wire = serve(script)
    door = make_door(wire.url, name="Vapi")
    callers = [threading.Thread(target=door.send, args=("GET", "/")) for _ in range(8)]
    for caller in callers:
        caller.start()
    for _ in callers:
        inside.acquire(timeout=10)
    for _ in range(5):
        with pytest.raises(ProviderBusy) as caught:
            door.send("GET", "/")
    leave.set()
    for caller in callers:
        caller.join()
    assert caught.value.detail == "Vapi is busy. Please try again in a moment."
    assert (caught.value.status, caught.value.unsent) == (503, True)
    assert counted(metrics.BULKHEAD_REFUSALS, door) == 5
    assert counted(metrics.FAILURES, door) == 0
    assert len(wire.requests) == 8
    assert door.send("GET", "/").status == 200


def test_the_background_holds_half_of_the_slots_at_most(serve, make_door):
    door = make_door(serve(answering()).url)
    slot = door.works.bulkhead.slot
    with ExitStack() as held, in_background():
        for _ in range(4):
            held.enter_context(slot())
        with pytest.raises(ProviderBusy):
            door.send("GET", "/")
        with pytest.raises(ProviderBusy):
            door.require_room()
        people = contextvars.Context()
        people.run(door.require_room)
        assert people.run(door.send, "GET", "/").status == 200
    with in_background():
        assert door.send("GET", "/").status == 200


def test_a_caller_refused_by_the_bulkhead_leaves_the_probe_to_others(serve, make_door, clock):
    door = make_door(serve(answering()).url, bulkhead=1)
    door.works.breaker.store._clock = clock
    door.works.breaker.open()
    clock.advance(30)
    with door.works.bulkhead.slot(), pytest.raises(ProviderBusy):
        door.send("GET", "/")
    assert door.snapshot().state == "open"
    assert door.send("GET", "/").status == 200
