"""A breaker's state shared through Redis, and what a process does while Redis is lost.

It goes on alone, with a circuit of its own that starts from what it saw last. When Redis is back,
it first brings in what it has come to know (`lua/rejoin.lua`), then the shared circuit holds again.
A Redis that has forgotten its circuits (flushed, restarted) counts as lost for a moment.

Tickets need not know on which side they were handed out: both sides count generations on from the
same number, and after a change of its own neither side knows the other's.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from ava.redis import RedisUnavailable
from ava.upstream.circuit import (
    Change,
    Order,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Tenant,
    Ticket,
)
from ava.upstream.memory import MemoryStore
from ava.upstream.redis import RedisStore, View

ADOPTED = "open on a worker while Redis was lost"

# Before the shared circuit has been seen. No generation is above this one.
_UNSEEN = View("closed", 0.0, 2**53, 0)


class SharedStore:
    """The fleet's circuit, or while Redis is lost this process' own.

    Args:
        shared: the circuit in Redis.
        local: the one to go on with.
        rules: when to open and close.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        shared: RedisStore,
        local: MemoryStore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._local = local
        self._clock = clock
        self._view = _UNSEEN
        self._viewed_at = clock()
        self._order = Order(0)
        self._ordered_at = clock()
        self._alone = False
        self._parting = threading.Lock()
        self._rejoining = threading.Lock()

    def admit(
        self, rules: Rules, lease: float, tenant: Tenant = None
    ) -> tuple[Ticket | Refusal, Change | None]:
        try:
            return self._admit(rules, lease, tenant)
        except RedisUnavailable:
            self._part(rules)
        answer, change = self._local.admit(rules, lease, tenant)
        return answer, _local(change)

    def _admit(
        self, rules: Rules, lease: float, tenant: Tenant
    ) -> tuple[Ticket | Refusal, Change | None]:
        if not self._alone:
            seen = self._view
            answer, change, view = self._shared.admit(rules, lease, tenant)
            if seen is _UNSEEN or _follows(view, seen) or view.state != "closed":
                self._see(view)
                return answer, change
            # Redis has forgotten, and may have let through what it was to refuse: ask again.
            self._part(rules)
        view, brought = self._rejoin(rules)
        if brought is None:
            answer, change, view = self._shared.admit(rules, lease, tenant)
            self._see(view)
            return answer, change
        # Told at once, for the next step might lose it.
        if view.state == "closed" or view.only not in (None, tenant):
            return Ticket(view.generation, None, tenant), brought
        return Refusal(view.state, view.wait), brought

    def record(self, rules: Rules, ticket: Ticket, outcome: Outcome) -> Change | None:
        try:
            if not self._alone:
                return self._record(rules, ticket, outcome)
        except RedisUnavailable:
            self._part(rules)
        return _local(self._local.record(rules, ticket, outcome))

    def _record(self, rules: Rules, ticket: Ticket, outcome: Outcome) -> Change | None:
        made = self._shared.record(rules, ticket, outcome)
        if made is None:
            return None
        change, generation, only = made
        wait = rules.recovery if change.to_state == "open" else 0.0
        self._see(View(change.to_state, wait, generation, self._view.epoch, only))
        return change

    def catch_up(self, rules: Rules) -> Change | None:
        try:
            if not self._alone:
                view = self._shared.view(rules)
                if self._view is _UNSEEN or _follows(view, self._view):
                    if view.epoch:
                        self._see(view)
                    return None
                self._part(rules)
            return self._rejoin(rules)[1]
        except RedisUnavailable:
            self._part(rules)
        return None

    def snapshot(self, rules: Rules, order: Order | None = None, tenant: Tenant = None) -> Snapshot:
        try:
            return self._shared.snapshot(rules, order, tenant)
        except RedisUnavailable:
            self._part(rules)
        return replace(self._local.snapshot(rules, order, tenant), degraded=True)

    def obey(self, rules: Rules, order: Order) -> Change | None:
        try:
            if not self._alone:
                return self._shared.obey(order)
        except RedisUnavailable:
            self._part(rules)
        finally:
            self._take(order)
        return _local(self._local.obey(rules, order))

    def move(self, rules: Rules, to: State, reason: str) -> Change | None:
        try:
            if not self._alone:
                return self._shared.move(to, reason)
        except RedisUnavailable:
            self._part(rules)
        return _local(self._local.move(rules, to, reason))

    def _see(self, view: View) -> None:
        self._view, self._viewed_at = view, self._clock()

    def _take(self, order: Order) -> None:
        """Remember the newest order: a Redis that forgets must be told again."""
        if order.number > self._order.number:
            self._order, self._ordered_at = order, self._clock()

    def _standing(self) -> Order:
        """The newest order as it stands now."""
        order = self._order
        if order.seconds is None:
            return order
        return replace(order, seconds=order.seconds - (self._clock() - self._ordered_at))

    def _part(self, rules: Rules) -> None:
        """Go on alone, from what was seen last."""
        with self._parting:
            if self._alone:
                return
            view, age = self._view, self._clock() - self._viewed_at
            if age > view.wait + rules.recovery:
                # Too old to go by; and after so long an open circuit would be tried anyway.
                self._view = view = view._replace(state="closed", only=None)
            wait, order = view.wait - age, self._standing()
            self._local.begin(rules, view.state, wait, view.generation, order, view.only)
            self._alone = True

    def _rejoin(self, rules: Rules) -> tuple[View, Change | None]:
        """Bring in what this process knows, and be no longer alone. One thread does it; the others
        wait, as the circuit that they would ask meanwhile holds no longer.

        Returns:
            The fleet's circuit, and a change of it that nobody has been told yet.

        Raises:
            RedisUnavailable: still.
        """
        with self._rejoining:
            if not self._alone:
                return self._view, None
            mine, seen, order = self._local.snapshot(rules), self._view, self._standing()
            view, before, owed = self._shared.rejoin(
                rules, order, seen.generation, mine.retry_after, mine.only
            )
            self._see(view)
            self._alone = False
        return view, _news(seen, view, before, owed, order)


def _news(
    seen: View, view: View, before: State | None, owed: Change | None, order: Order
) -> Change | None:
    """What is to be told of a return: what the fleet was seen as, what it was before, is now."""
    if owed and before:
        owed = replace(owed, to_state=view.state)  # one change on top of the other
        return owed if owed.from_state != owed.to_state else None
    # What was open before Redis forgot has been told as open: that it is again is no news.
    if owed or before is None or (seen.state == "closed") == (view.state == "closed"):
        return owed
    ordered = view.state == (order.forced or "closed")
    return Change(before, view.state, order.reason if ordered else ADOPTED)


def _follows(view: View, seen: View) -> bool:
    """Whether a circuit that looked like `seen` may look like `view` later."""
    return view.epoch == seen.epoch and view.generation >= seen.generation


def _local(change: Change | None) -> Change | None:
    return change and replace(change, local=True)
