"""A generation is given out once, whatever Redis forgets."""

from ava.upstream.circuit import Outcome, Ticket
from ava.upstream.redis import RedisStore
from ava.upstream.tests.workers import LEASE, RULES

KEY = "ava:{breaker:vapi}:circuit"


def test_a_replica_that_missed_the_last_change_gives_out_no_generation_twice(link, redis):
    store = RedisStore(link, "vapi")
    store.admit(RULES, LEASE)
    held = redis.client.dump(KEY)
    store.move("half_open", "by hand")
    missed = store.admit(RULES, LEASE)[0]
    assert isinstance(missed, Ticket)
    redis.client.restore(KEY, 0, held, replace=True)  # as the replica has it that takes over
    store.move("half_open", "by hand")
    probe = store.admit(RULES, LEASE)[0]
    assert missed.generation < probe.generation
    assert store.record(RULES, missed, Outcome.FAILURE) is None
    assert store.snapshot(RULES).state == "half_open"
