"""The shared store by Redis' own clock, which no test can move."""

from ava.upstream.circuit import Refusal, Rules
from ava.upstream.redis_store import RedisCircuit, SharedStore
from ava.upstream.tests.circuits import Worker

SHORT = Rules(threshold=3, recovery=0.5, successes=2)


def test_open_lasts_the_whole_recovery_time_to_the_fraction_of_a_second(link, redis):
    worker = Worker(SharedStore(RedisCircuit(link, "vapi")), SHORT)

    def now():
        seconds, micro = redis.client.time()
        return seconds + micro / 1e6

    # Whole seconds would make much less of it now.
    while not 0.7 < now() % 1 < 0.8:
        pass
    opened = now()
    worker.trip()
    while isinstance(worker.admit()[0], Refusal):
        assert now() < opened + 10
    assert now() >= opened + SHORT.recovery
