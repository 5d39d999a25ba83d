"""Workers with threads, a provider that fails at times, and a Redis that is lost at random."""

import random
import threading
import time
from collections import Counter

import pytest

from ava.upstream.circuit import Change, Outcome, Rules, Ticket
from ava.upstream.shared import SharedStore
from ava.upstream.tests.workers import found_again
from tests.redis import RedisServer

RULES = Rules(threshold=3, recovery=0.4, successes=2)
LEASE = 2.0
WORKERS, THREADS, SECONDS = 3, 3, 3.0


class Story:
    """What all threads were told."""

    def __init__(self) -> None:
        self.told: list[Change] = []
        self.astray: list[Change] = []
        self.bugs: list[Exception] = []
        self.healthy = True
        self.over = threading.Event()

    def call(self, store: SharedStore) -> None:
        link = store._shared._link
        while not self.over.is_set():
            try:
                before = link.lost, link.losses
                answer, change = store.admit(RULES, LEASE)
                self.tell(change)
                if change and change.local and before == (False, link.losses):
                    self.astray.append(change)
                if isinstance(answer, Ticket):
                    time.sleep(0.002)
                    outcome = Outcome.SUCCESS if self.healthy else Outcome.FAILURE
                    self.tell(store.record(RULES, answer, outcome))
                time.sleep(0.005)
            except Exception as bug:
                self.bugs.append(bug)

    def tell(self, change: Change | None) -> None:
        if change:
            self.told.append(change)

    def left(self) -> Counter[str]:
        """Of each state how often the fleet came to it less how often it left it."""
        balance = Counter[str]()
        for change in self.told:
            if not change.local:
                balance[change.to_state] += 1
                balance[change.from_state] -= 1
        return balance


def weather(story: Story, redis: RedisServer, chance: random.Random) -> None:
    ways = [
        (redis.freeze, redis.thaw),
        (
            lambda: redis.client.replicaof("127.0.0.1", "9"),
            lambda: redis.client.replicaof("NO", "ONE"),
        ),
    ]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        lose, bring_back = chance.choice(ways)
        time.sleep(chance.uniform(0.05, 0.4))
        story.healthy = chance.random() < 0.5
        lose()
        time.sleep(chance.uniform(0.02, 0.3))
        bring_back()


@pytest.mark.parametrize("seed", [1, 2])
def test_any_loss_of_redis_leaves_one_story_of_the_fleet(worker, redis, seed):
    stores = [worker() for _ in range(WORKERS)]
    story = Story()
    threads = [
        threading.Thread(target=story.call, args=[store])
        for store in stores
        for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    weather(story, redis, random.Random(seed))
    story.healthy = True
    time.sleep(1)
    story.over.set()
    for thread in threads:
        thread.join()
    for store in stores:
        found_again(store)
        story.tell(store.catch_up(RULES))
    assert story.bugs == []
    assert story.astray == []
    assert story.told
    (state,) = {store.snapshot(RULES).state for store in stores}
    expected = Counter() if state == "closed" else Counter({state: 1, "closed": -1})
    assert +story.left() == +expected
    assert -story.left() == -expected
