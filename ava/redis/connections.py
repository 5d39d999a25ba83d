"""Connections to a Redis or to the nodes of a Redis Cluster, opened as they are needed.

Of a cluster nothing is known but what it tells itself: a node that is asked for a key that lies
elsewhere says where (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec).
"""

import contextlib
from collections.abc import Sequence
from typing import Any

from redis.crc import key_slot

from ava.redis.addresses import Addresses
from ava.redis.deadline import Deadline
from ava.redis.wire import Argument, Node, Refused, Wire, access, packed

REDIRECTIONS = 2
"""That one command follows: to where the slot is, and to where its keys are just being brought."""

_ASKING: Sequence[Argument] = ("ASKING",)


class Connections:
    """Idle connections for each node, and where slots are.

    Args:
        url: of a Redis, or of any node of a cluster. All nodes take its credentials.
    """

    def __init__(self, url: str) -> None:
        self._entry, self._access = access(url)
        self._addresses = Addresses()
        # Lent by pop and append alone, which are atomic; so are the others' single steps.
        self._idle: dict[Node, list[Wire]] = {self._entry: []}
        self._slots: dict[int, Node] = {}
        self._era = 0
        self._closed = False

    @property
    def nodes(self) -> Sequence[Node]:
        """All that are known, the one that knows the way first."""
        return sorted(self._idle, key=lambda node: node != self._entry)

    def ask(self, key: str, command: Sequence[Argument], deadline: Deadline) -> Any:
        """One command about a key and its answer, from the node that has it.

        Raises:
            OSError: no answer in time.
            Refused: by the node that has it.
        """
        text = packed(command)
        node = self._slots.get(_slot(key), self._entry) if self._slots else self._entry
        asking = False
        for _ in range(REDIRECTIONS):
            try:
                return self.ask_at(node, text, deadline, asking=asking)
            except Refused as refusal:
                if refusal.code not in ("MOVED", "ASK"):
                    raise
                asking = refusal.code == "ASK"
                node = _told(refusal, node)
                if not asking:
                    self._slots[_slot(key)] = node
        return self.ask_at(node, text, deadline, asking=asking)

    def ask_at(self, node: Node, text: bytes, deadline: Deadline, *, asking: bool = False) -> Any:
        """Packed commands to this node.

        Args:
            asking: for keys that are being brought there just now.
        """
        era = self._era
        wire = self._borrow(node, deadline)
        try:
            if asking:
                answer = wire.ask(packed(_ASKING) + text, deadline, answers=2)
            else:
                answer = wire.ask(text, deadline)
        except Refused:
            self._give_back(node, wire, era)
            raise
        except BaseException:
            # What is still to come must not be taken for the answer to the next command.
            wire.close()
            raise
        self._give_back(node, wire, era)
        return answer

    def forget(self) -> None:
        """Connections and places may be of no use any more; look the nodes up anew."""
        self._era += 1
        self._slots.clear()
        self._close_idle()
        for node in self.nodes:
            self._addresses.refresh(node)

    def enter_elsewhere(self) -> None:
        """Ask the next of the known nodes for the way."""
        known = sorted(self._idle)
        self._entry = known[(known.index(self._entry) + 1) % len(known)]

    def close(self) -> None:
        """Close them all; what is under way is closed when it is over."""
        self._closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        for idle in list(self._idle.values()):
            with contextlib.suppress(IndexError):
                while True:
                    idle.pop().close()

    def _borrow(self, node: Node, deadline: Deadline) -> Wire:
        """A connection that is ready. The one used last comes first, so that few are in use."""
        idle = self._idle.setdefault(node, [])
        while True:
            try:
                wire = idle.pop()
            except IndexError:
                address = self._addresses.find(node, deadline)
                return Wire(address, node.host, self._access, deadline)
            if not wire.is_dead():
                return wire
            wire.close()

    def _give_back(self, node: Node, wire: Wire, era: int) -> None:
        if self._closed or era != self._era:
            wire.close()
        else:
            self._idle[node].append(wire)


def _slot(key: str) -> int:
    return int(key_slot(key.encode()))


def _told(refusal: Refused, asked: Node) -> Node:
    """Where a redirection leads: "MOVED 3999 10.0.0.7:6379", without a host to the same one.

    Raises:
        ConnectionError: nobody can tell.
    """
    host, _, port = str(refusal).rpartition(" ")[2].rpartition(":")
    if not port.isdigit():
        raise ConnectionError("a redirection to nowhere")
    return Node(host.strip("[]") or asked.host, int(port))
