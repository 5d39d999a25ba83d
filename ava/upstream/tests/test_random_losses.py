"""Random histories of workers whose Redis is lost in every way: one history of all."""

import random
from collections import Counter

import pytest

from ava.upstream.circuit import OperatorOverride, Outcome, Ticket
from ava.upstream.tests.circuits import RULES, Clock, FakeRedis, OwnLine, Worker

WORKERS, STEPS = 3, 400
TENANTS = (None, "ada", "eve")


class RandomLosses:
    """Workers that call, and a Redis that fails, at random."""

    def __init__(self, seed: int, make) -> None:
        self.chance = random.Random(seed)
        self.clock = Clock()
        self.redis = FakeRedis(self.clock)
        self.lines = [OwnLine(self.redis) for _ in range(WORKERS)]
        self.workers = [make(line, self.clock) for line in self.lines]
        self.calls: list[tuple[Worker, Ticket]] = []
        self.healthy = True

    def step(self) -> None:
        chance = self.chance
        if chance.random() < 0.3:
            # Another worker is faster, between this one's reading and writing.
            self.redis.interrupt = self.call
        kinds = (self.call, self.settle, self.break_redis, self.recover, self.pass_time, self.look)
        chance.choices(kinds, (8, 8, 1, 3, 2, 1))[0]()

    def call(self) -> None:
        worker = self.chance.choice(self.workers)
        answer, _ = worker.admit(self.chance.choice(TENANTS))
        if isinstance(answer, Ticket):
            self.calls.append((worker, answer))

    def settle(self) -> None:
        if self.calls:
            worker, ticket = self.calls.pop(self.chance.randrange(len(self.calls)))
            chance = 0.05 if self.healthy else 0.9
            is_failure = self.chance.random() < chance
            worker.record(ticket, Outcome.FAILURE if is_failure else Outcome.SUCCESS)

    def break_redis(self) -> None:
        self.healthy = self.chance.random() < 0.5
        way = self.chance.choice(("lost", "answers_lost", "frozen", "read_only", "cut"))
        if way == "cut":
            self.chance.choice(self.lines).cut = True
        elif self.chance.random() < 0.5:
            setattr(self.redis, way, True)
        else:  # in the middle of a step
            self.redis.interrupt = lambda: setattr(self.redis, way, True)

    def recover(self) -> None:
        self.redis.interrupt = None
        self.redis.lost = self.redis.answers_lost = self.redis.read_only = False
        self.redis.frozen = False
        if self.chance.random() < 0.3:
            self.call()  # on a connection that is faster than what waits
        self.redis.thaw()
        for line in self.lines:
            line.cut = False

    def pass_time(self) -> None:
        self.clock.advance(self.chance.choice((0.5, 5.0, RULES.recovery)))

    def look(self) -> None:
        self.chance.choice(self.workers).catch_up()

    def left(self) -> Counter[str]:
        """Of each state how often the workers together came to it, less how often they left it."""
        balance = Counter[str]()
        for worker in self.workers:
            for change in worker.changes:
                if not change.local:
                    balance[change.to_state] += 1
                    balance[change.from_state] -= 1
        return balance


@pytest.mark.parametrize("seed", range(40))
def test_any_loss_of_redis_leaves_one_history_of_all_workers(seed, worker_on):
    history = RandomLosses(seed, worker_on)
    for _ in range(STEPS):
        history.step()
    history.recover()
    for worker in history.workers:
        worker.catch_up()
        assert not worker.is_alone
    (state,) = {worker.snapshot().state for worker in history.workers}
    expected = Counter() if state == "closed" else Counter({state: 1, "closed": -1})
    assert +history.left() == +expected
    assert -history.left() == -expected


def test_all_workers_obey_the_operator_after_any_losses(worker_on):
    history = RandomLosses(0, worker_on)
    for number in range(1, 60):
        for _ in range(20):
            history.step()
        history.recover()
        forced = history.chance.choice(("open", "closed", None))
        override = OperatorOverride(number, forced)
        for worker in history.workers:
            worker.obey(override)
        assert {worker.snapshot().state for worker in history.workers} == {forced or "closed"}
