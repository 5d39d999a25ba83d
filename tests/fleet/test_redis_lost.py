"""Redis is lost in the middle of load: calls go on, the breaker still opens, and comes back."""

import statistics
import time
from collections.abc import Callable

import pytest

from ava.upstream.redis_store import ADOPTED
from tests.fleet.fleet import Fleet, until
from tests.fleet.test_breaker import at_work, is_one_story, surprises
from tests.fleet.upstream import Upstream
from tests.redis import RedisServer

pytestmark = pytest.mark.slow

Start = Callable[..., Fleet]

PROCESSES, THREADS = 4, 2
# Seconds for a call that a worker refuses alone: half of them, as a busy machine holds up some.
WAIT = 0.05
# And for the longest call of most workers, with Redis lost in it and the provider's answer.
PAUSE = 0.15


def refuse_writes(redis: RedisServer) -> None:
    redis.client.replicaof("127.0.0.1", "9")


def take_writes(redis: RedisServer) -> None:
    redis.client.replicaof("NO", "ONE")


WAYS = {
    "refused, and empty when it is back": (RedisServer.stop, RedisServer.start),
    "silent": (RedisServer.freeze, RedisServer.thaw),
    "failing over": (refuse_writes, take_writes),
}


def goes_on(fleet: Fleet, provider: Upstream) -> None:
    """Wait until every worker has called the provider once more."""
    began = time.monotonic()
    until(lambda: {call.pid for call in provider.since(began)} == set(fleet.pids), 30)


@pytest.mark.parametrize("way", WAYS)
def test_every_worker_opens_alone_and_the_fleet_takes_it_over(
    start: Start, provider: Upstream, redis: RedisServer, way: str
) -> None:
    lose, bring_back = WAYS[way]
    fleet = start(PROCESSES, THREADS, recovery=2)
    at_work(fleet, provider)
    lost = time.monotonic()
    lose(redis)
    goes_on(fleet, provider)
    met = time.monotonic()
    provider.status = 500
    until(lambda: {one.pid for one in fleet.transitions() if one.local} == set(fleet.pids))
    opened = time.monotonic()
    bring_back(redis)
    until(lambda: ("closed", "open") in fleet.changes())
    assert provider.since(opened + 0.1) == []
    provider.status = 200
    until(lambda: fleet.changes()[-1:] == [("half_open", "closed")])
    calls = fleet.stop()

    assert surprises(calls) == set()
    refused = [call.took for call in calls if call.outcome == "provider_unavailable"]
    assert statistics.median(refused) < WAIT
    met_it = [call for call in calls if call.began < met and lost < call.began + call.took]
    longest = [max(call.took for call in met_it if call.pid == pid) for pid in fleet.pids]
    assert statistics.median(longest) < PAUSE
    assert fleet.changes() == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    assert fleet.counted() == (1, 1)  # what each did alone does not count
    (adopted,) = [one for one in fleet.transitions() if one.reason == ADOPTED]
    assert not adopted.local
    alone = [one for one in fleet.transitions() if one.local]
    assert all(one.reason.endswith("(this worker alone: Redis is lost)") for one in alone)


def test_a_flush_during_an_outage_changes_nothing(
    start: Start, provider: Upstream, redis: RedisServer
) -> None:
    fleet = start(PROCESSES, THREADS, recovery=2, calm=5.0)
    at_work(fleet, provider)
    provider.status = 500
    until(fleet.changes)
    time.sleep(0.5)
    flushed = time.monotonic()
    redis.flush()
    time.sleep(0.5)
    assert provider.since(flushed) == []
    provider.status = 200
    until(lambda: fleet.changes()[-1:] == [("half_open", "closed")])
    assert surprises(fleet.stop()) == set()
    assert fleet.changes() == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]


def test_a_redis_that_comes_and_goes_fails_no_call(
    start: Start, provider: Upstream, redis: RedisServer
) -> None:
    fleet = start(PROCESSES, THREADS)
    at_work(fleet, provider)
    for _ in range(3):
        for lose, bring_back in WAYS.values():
            lose(redis)
            goes_on(fleet, provider)
            bring_back(redis)
            goes_on(fleet, provider)
        redis.flush()
    calls = fleet.stop()
    assert {call.outcome for call in calls} == {"answered"}
    assert fleet.transitions() == []
    assert is_one_story(fleet.changes())
