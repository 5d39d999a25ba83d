"""Redis as AVA uses it: one short attempt, and out of the way while it is lost.

Whoever meets a Redis that refuses, is silent, slow, or cannot be written to learns it within
`PATIENCE` and `deadline.GRACE`, and from then on everybody is told at once, without a packet, until
a thread in the background has found it again.
"""

import contextlib
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import structlog

from ava.redis import budget
from ava.redis.connections import Connections
from ava.redis.deadline import Deadline
from ava.redis.wire import Argument, Node, Refused, packed

log = structlog.get_logger("ava.redis")

PATIENCE = 0.035
"""Seconds for one command, connecting included. Who has waited longer in one request, in all, for
answers that are not brisk counts Redis as lost, too."""

BRISK_PART = 7
"""Of the patience: a brisk answer takes 5 ms at most, to the tick of the kernel's clock."""

SLOW = "slow"

SLOW_IN_A_ROW = 3
"""Answers that were not brisk, whoever in this process got them. On a busy machine some are late;
of a slow Redis all are."""

SLOW_SECONDS = 1.0
"""How often a Redis that was lost for being slow is tried again; a brisk answer finds it."""

KNOCK_SECONDS = 0.1
"""How often a lost Redis is tried again, by one thread for the whole process."""

LOOK_UP_SECONDS = 1.0
"""How often names are looked up while it is lost: its successor may have another address."""

MOST_OWED = 10_000
"""Commands kept for a lost Redis; of more, the oldest are forgotten."""


class FleetLost(Exception):
    """Redis cannot be reached now. What it was asked may or may not have been done."""


class Script:
    """A Lua script: atomic in Redis. Every key it touches is in KEYS, all of one hash tag.

    Args:
        source: the script's text; integers, strings and lists come back.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


# As what requests do: where they may not, neither may this.
_KNOCK = Script("return redis.call('SET', KEYS[1], 1, 'PX', 1000)")

_Command = tuple[Script, tuple[str, ...], tuple[Argument, ...]]


class Link:
    """One process' way to one Redis, or to a Redis Cluster.

    Args:
        url: of Redis, or of any node of the cluster.
        patience: seconds.

    Attributes:
        losses: how often it was lost. Who keeps a local copy of what is shared sees by it that
            something may have been missed.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._connections = Connections(url)
        self._patience = patience
        self._brisk = patience / BRISK_PART
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._lost = False
        self._slow_in_a_row = 0
        self._owed: OrderedDict[_Command, None] = OrderedDict()
        self._told: set[str] = set()
        self.losses = 0

    @property
    def lost(self) -> bool:
        """Whether Redis is known to be out of reach."""
        return self._lost

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a script.

        Returns:
            What it returns; strings are bytes.

        Raises:
            FleetLost: Redis did not answer, or could not do it.
        """
        return self._ask(keys[0], partial(self._evaluate, script, keys, args))

    def command(self, name: str, key: str, *args: Argument) -> Any:
        """Run a command about one key.

        Raises:
            FleetLost: Redis did not answer, or could not do it.
        """
        return self._ask(key, partial(self._connections.ask, key, (name, key, *args)))

    def scan(self, pattern: str) -> Iterator[bytes]:
        """The keys that match, on all nodes that are known.

        Raises:
            FleetLost: a node did not answer.
        """
        for node in self._connections.nodes:
            at = b"0"
            while True:
                at, keys = self._ask(pattern, partial(self._scan, node, at, pattern))
                yield from keys
                if at == b"0":
                    break

    def insist(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> None:
        """Run a script now or, if Redis is lost, before anything else when it is found again.

        Args:
            script: one that may be run twice: a lost answer leaves open whether it was.
        """
        try:
            self.run(script, keys, args)
        except FleetLost:
            with self._lock:
                if self._lost:
                    self._owed[script, tuple(keys), tuple(args)] = None
                    if len(self._owed) > MOST_OWED:
                        self._owed.popitem(last=False)
                    return
            # It was found in between.
            with contextlib.suppress(FleetLost):
                self.run(script, keys, args)

    def close(self) -> None:
        """Close all connections, and stop looking for a lost Redis."""
        self._closed.set()
        self._connections.close()

    def _scan(self, node: Node, at: bytes, pattern: str, deadline: Deadline) -> Any:
        text = packed(("SCAN", at, "MATCH", pattern, "COUNT", 1000))
        return self._connections.ask_at(node, text, deadline)

    def _ask(self, key: str, exchange: Callable[[Deadline], Any]) -> Any:
        if self._lost:
            raise FleetLost
        deadline = Deadline(self._patience)
        try:
            answer = exchange(deadline)
        except OSError as fault:
            self._lose(str(fault) or type(fault).__name__, key)
            raise FleetLost from fault
        except Refused as refusal:
            if refusal.is_loss:
                self._lose(refusal.code, key)
            else:
                self._tell_once(refusal, key)
            raise FleetLost from refusal
        if deadline.waited <= self._brisk:
            self._slow_in_a_row = 0
            return answer
        # Two threads at once may count as one: then it takes an answer more.
        self._slow_in_a_row += 1
        spent = budget.spend(deadline.waited)
        if spent > self._patience and self._slow_in_a_row >= SLOW_IN_A_ROW:
            self._lose(SLOW, key)
        return answer

    def _evaluate(
        self, script: Script, keys: Sequence[str], args: Sequence[Argument], deadline: Deadline
    ) -> Any:
        ask = self._connections.ask
        try:
            return ask(keys[0], ("EVALSHA", script.sha, len(keys), *keys, *args), deadline)
        except Refused as refusal:
            if refusal.code != "NOSCRIPT":
                raise
        # After a restart or a flush, and at a node that has not had it yet.
        return ask(keys[0], ("EVAL", script.source, len(keys), *keys, *args), deadline)

    def _tell_once(self, refusal: Refused, key: str) -> None:
        """A value of another kind than AVA's, a fault in a script: no loss, but no secret."""
        if refusal.code not in self._told:
            self._told.add(refusal.code)
            log.error("redis refused", cause=refusal.code, key=key)

    def _lose(self, cause: str, key: str) -> None:
        with self._lock:
            if self._lost or self._closed.is_set():
                return
            self._lost = True
            self._slow_in_a_row = 0
            self.losses += 1
        log.warning("redis lost", cause=cause)
        threading.Thread(
            target=self._search, args=(cause, key), name="ava-fleet", daemon=True
        ).start()

    def _search(self, cause: str, key: str) -> None:
        """Until what has the key can be written to: of a cluster, another node would not do."""
        knock = _neighbour(key)
        started = looked_up = time.monotonic()
        self._connections.forget()
        while not self._closed.wait(SLOW_SECONDS if cause == SLOW else KNOCK_SECONDS):
            try:
                deadline = Deadline(self._patience)
                self._evaluate(_KNOCK, [knock], (), deadline)
                if cause == SLOW and deadline.waited > self._brisk:
                    continue
                self._pay()
            except (OSError, Refused):
                if time.monotonic() - looked_up > LOOK_UP_SECONDS:
                    looked_up = time.monotonic()
                    self._connections.forget()
                self._connections.enter_elsewhere()
                continue
            log.warning("redis found again", seconds=round(time.monotonic() - started, 1))
            return

    def _pay(self) -> None:
        """Run what is owed, the oldest first; when nothing is left, Redis is found again."""
        while True:
            with self._lock:
                if not self._owed:
                    self._lost = False
                    return
                command = next(iter(self._owed))
            try:
                self._evaluate(*command, Deadline(self._patience))
            except Refused as refusal:
                if refusal.is_loss:
                    raise
                # Redis is there and will never do it.
                log.error("owed command refused", cause=refusal.code)
            with self._lock:
                self._owed.pop(command, None)


def _neighbour(key: str) -> str:
    """A key of AVA's own in the same slot of a cluster."""
    _, opened, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return f"ava:knock:{{{tag if opened and closed and tag else key}}}"
