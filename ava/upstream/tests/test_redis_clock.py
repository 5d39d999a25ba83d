"""The shared circuit by Redis' own clock, which no test can move."""

import time

from ava.upstream.circuit import Outcome, Refusal, Ticket
from ava.upstream.redis import RedisStore
from ava.upstream.tests.workers import LEASE, RULES

SHORT = RULES._replace(recovery=0.5)


def test_open_lasts_the_whole_recovery_time_to_the_fraction_of_a_second(link, redis):
    store = RedisStore(link, "vapi")

    def now():
        seconds, micro = redis.client.time()
        return seconds + micro / 1e6

    # Whole seconds would make much less of it now.
    while not 0.7 < now() % 1 < 0.8:
        time.sleep(0.01)
    opened = now()
    for _ in range(3):
        ticket = store.admit(SHORT, LEASE)[0]
        assert isinstance(ticket, Ticket)
        store.record(SHORT, ticket, Outcome.FAILURE)
    while isinstance(store.admit(SHORT, LEASE)[0], Refusal):
        assert now() < opened + 10
    assert now() >= opened + SHORT.recovery
