"""The circuit as Redis keeps it: with a real Redis."""

import json
from typing import Any

import pytest

from ava.redis import RedisClient
from ava.upstream.circuit import Change, Circuit, OperatorOverride, Outcome, Refusal, Ticket
from ava.upstream.redis_store import KEPT_WRITERS, RedisCircuit, SharedStore
from ava.upstream.tests.circuits import RULES, Worker
from tests.redis import RedisServer

KEY = "ava:{breaker:vapi}:state"
HELD = {"state": "open", "generation": 5, "opened_at": 1.0}


@pytest.fixture
def worker(link: RedisClient) -> Worker:
    return Worker(SharedStore(RedisCircuit(link, "vapi")))


def test_the_time_is_redis_own(worker: Worker, redis: RedisServer) -> None:
    worker.trip()
    seconds, micro = redis.client.time()
    opened_at = json.loads(redis.client.get(KEY))["opened_at"]
    assert 0 <= seconds + micro / 1_000_000 - opened_at < 5
    assert 0 < worker.refused().retry_after <= RULES.recovery


def test_a_call_on_a_closed_circuit_is_two_commands_that_write_nothing(
    worker: Worker, redis: RedisServer
) -> None:
    worker.trip()
    worker.move("closed")
    redis.client.config_resetstat()
    worker.settle(Outcome.SUCCESS)
    worker.settle(Outcome.SUCCESS)
    calls = redis.client.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 4
    assert "cmdstat_set" not in calls


def test_a_write_is_taken_only_where_no_other_was_faster(link: RedisClient) -> None:
    circuit = RedisCircuit(link, "vapi")
    seen = circuit.read()
    assert circuit.swap(seen, Circuit(failures=1)).raw == b""
    late = circuit.swap(seen, Circuit(failures=2))
    assert (late.circuit.failures, circuit.read().circuit.failures) == (1, 1)
    assert circuit.swap(late, Circuit(failures=2)).raw == late.raw
    assert circuit.read().circuit.failures == 2


def test_every_field_comes_back_as_it_was_written(link: RedisClient) -> None:
    full = Circuit(
        "half_open", "open", 1.25, 60.5, 4, 5, 6, 1, 1700000000.123456, 9, 2.5, 12.0, "ada", 2, 3.5
    )
    circuit = RedisCircuit(link, "vapi")
    circuit.swap(circuit.read(), full)
    assert circuit.read().circuit == full


def test_the_latest_writers_are_kept_and_no_more(link: RedisClient) -> None:
    circuit = RedisCircuit(link, "vapi")
    for number in range(KEPT_WRITERS + 5):
        circuit.swap(circuit.read(), Circuit(order=number), writer=f"w{number}")
    assert circuit.read().writers == tuple(f"w{number}" for number in range(5, KEPT_WRITERS + 5))


def test_a_generation_is_given_out_once_even_by_a_replica_that_missed_the_last_change(
    link: RedisClient, redis: RedisServer
) -> None:
    one, other = (Worker(SharedStore(RedisCircuit(link, "vapi"))) for _ in range(2))
    one.move("half_open")
    held = redis.client.get(KEY)
    one.move("open")
    one.move("half_open")
    missed = one.admitted()
    redis.client.set(KEY, held)  # as the replica has it that takes over
    other.move("open")
    other.move("half_open")
    probe = other.admitted()
    assert missed.generation < probe.generation
    assert one.record(missed, Outcome.FAILURE) is None
    assert other.snapshot().state == "half_open"


def test_services_share_nothing(worker: Worker, link: RedisClient) -> None:
    worker.trip()
    Worker(SharedStore(RedisCircuit(link, "twilio"))).admitted()


def test_looking_is_no_write(worker: Worker, redis: RedisServer) -> None:
    assert worker.snapshot().state == "closed"
    assert redis.client.keys() == []
    redis.client.replicaof("127.0.0.1", "9")  # a replica refuses to write
    try:
        assert not worker.is_alone
    finally:
        redis.client.replicaof("NO", "ONE")


@pytest.mark.parametrize(
    "forged",
    [
        b"of another program",
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"state": ' * 100_000,
        {**HELD, "state": "bogus"},
        {**HELD, "state": None},
        {**HELD, "forced": "maybe"},
        {**HELD, "generation": "x"},
        {**HELD, "generation": 1e300},
        {**HELD, "generation": 1.5},
        {**HELD, "failures": -1},
        {**HELD, "order": 9 * 10**18},
        {**HELD, "opened_at": 9e17},
        {**HELD, "opened_at": float("nan")},
        {**HELD, "lease": "x"},
        {**HELD, "only": 7},
        {**HELD, "writers": 7},
    ],
)
def test_what_is_no_circuit_is_taken_for_a_new_one(
    worker: Worker, redis: RedisServer, forged: Any
) -> None:
    redis.client.set(KEY, forged if isinstance(forged, bytes) else json.dumps(forged))
    assert worker.snapshot().state == "closed"
    worker.record(Ticket(5), Outcome.FAILURE)
    worker.admitted()
    worker.obey(OperatorOverride(1))
    assert worker.trip() == Change("closed", "open", "3 failures in a row")
    worker.refused()


def test_fields_of_a_later_release_are_left_aside(worker: Worker, redis: RedisServer) -> None:
    redis.client.set(KEY, json.dumps({**HELD, "mood": "good"}))
    assert worker.snapshot().state == "open"


def test_a_key_of_another_kind_is_no_lost_redis(
    worker: Worker, link: RedisClient, redis: RedisServer
) -> None:
    redis.client.hset(KEY, "a", "hash")
    for _ in range(3):
        worker.admitted()
    assert worker.is_alone
    assert not link.lost
    redis.client.delete(KEY)
    worker.admitted()
    assert not worker.is_alone


def test_a_redis_that_is_lost_and_found_goes_the_same_way(
    worker: Worker, link: RedisClient, redis: RedisServer
) -> None:
    """As in test_shared.py, with the real client: once alone, and back."""
    worker.admitted()
    redis.client.replicaof("127.0.0.1", "9")
    try:
        change = worker.trip()
        assert change == Change("closed", "open", "3 failures in a row", local=True)
    finally:
        redis.client.replicaof("NO", "ONE")
    while worker.is_alone:
        assert isinstance(worker.admit()[0], Refusal)
    assert [change.local for change in worker.changes] == [True, False]
