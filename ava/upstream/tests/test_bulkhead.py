"""A hung provider holds so many threads and no more."""

import contextvars
import threading
from contextlib import ExitStack

import pytest

from ava import tenant
from ava.tenant import in_background
from ava.upstream import ProviderBusy, metrics
from ava.upstream.tests.circuits import Worker
from ava.upstream.tests.conftest import counted
from ava.upstream.tests.wire import OK, answering


def test_the_ninth_caller_of_a_hung_provider_is_refused_at_once(serve, make_door):
    inside, leave = threading.Semaphore(0), threading.Event()

    def script(line):
        while line.read_request():
            inside.release()
            leave.wait(10)
            line.send(OK)

    wire = serve(script)
    door = make_door(wire.url, name="Vapi", bulkhead=8)
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
    door = make_door(serve(answering()).url, bulkhead=8)
    slot = door.bulkhead.slot
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


def test_a_tenant_holds_half_of_the_slots_at_most_and_avas_own_work_what_is_left(make_door):
    door = make_door("http://127.0.0.1:9", bulkhead=8)
    bulkhead = door.bulkhead
    with ExitStack() as held:
        for whose, slots in (("ada", 4), ("eve", 3), (None, 1)):
            with tenant.bind(whose):
                for _ in range(slots):
                    assert not bulkhead.is_full
                    held.enter_context(bulkhead.slot())
        for whose in ("ada", "eve", "bob", None):
            with tenant.bind(whose), pytest.raises(ProviderBusy):
                door.require_room()
    with tenant.bind("ada"):
        door.require_room()
    assert bulkhead.in_use == 0


def test_the_smallest_bulkhead_has_a_slot_for_a_tenant(make_door):
    bulkhead = make_door("http://127.0.0.1:9", bulkhead=1).bulkhead
    with tenant.bind("ada"), in_background(), bulkhead.slot():
        assert bulkhead.is_full
    with tenant.bind("ada"):
        assert not bulkhead.is_full


def test_a_caller_refused_by_the_bulkhead_leaves_the_probe_to_others(serve, make_door, clock):
    door = make_door(serve(answering()).url, bulkhead=1)
    door.breaker.store._clock = clock
    Worker(door.breaker.store).move("open")
    clock.advance(30)
    with door.bulkhead.slot(), pytest.raises(ProviderBusy):
        door.send("GET", "/")
    assert door.snapshot().state == "open"
    assert door.send("GET", "/").status == 200
