"""A real Redis Cluster of three masters, for tests."""

import time
from collections.abc import Callable

from redis.crc import key_slot

from tests.redis import RedisServer

SLOTS = 16384
_SECONDS = 60


class RedisCluster:
    """Three masters that share the slots. A dead one takes its own slots with it, and no others."""

    def __init__(self) -> None:
        options = ("--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")
        self.nodes = [RedisServer(*options, timeout=5) for _ in range(3)]
        for at, node in enumerate(self.nodes):
            node.client.execute_command("CLUSTER", "ADDSLOTS", *_share(at))
            node.client.execute_command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
        _until(lambda: all(map(_is_whole, self.nodes)))

    def __enter__(self) -> "RedisCluster":
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.close()

    @property
    def url(self) -> str:
        return self.nodes[0].url

    def owner(self, key: str) -> RedisServer:
        """Which node has the key."""
        return self.nodes[key_slot(key.encode()) * 3 // SLOTS]

    def begin_moving(self, key: str, to: RedisServer) -> None:
        """Declare the key's slot to be on its way; its keys are still where they were."""
        slot, source = key_slot(key.encode()), self.owner(key)
        self._set_slot(to, slot, "IMPORTING", _name(source))
        self._set_slot(source, slot, "MIGRATING", _name(to))

    def bring(self, key: str, to: RedisServer) -> None:
        """Move one key of a slot that is on its way."""
        self.owner(key).client.execute_command("MIGRATE", "127.0.0.1", to.port, key, 0, 5000)

    def end_moving(self, key: str, to: RedisServer) -> None:
        """Give the slot to its new node for good."""
        for node in (to, *self.nodes):
            self._set_slot(node, key_slot(key.encode()), "NODE", _name(to))

    def take_over(self, dead: RedisServer, heir: RedisServer) -> None:
        """Give all slots of a node that is gone to another one."""
        for what in ("DELSLOTS", "ADDSLOTS"):
            heir.client.execute_command("CLUSTER", what, *_share(self.nodes.index(dead)))
        heir.client.execute_command("CLUSTER", "BUMPEPOCH")

    def _set_slot(self, node: RedisServer, slot: int, *what: str) -> None:
        node.client.execute_command("CLUSTER", "SETSLOT", slot, *what)


def _share(at: int) -> range:
    first, beyond = (-(-SLOTS * n // 3) for n in (at, at + 1))
    return range(first, beyond)


def _is_whole(node: RedisServer) -> bool:
    """Whether it has met all the others and they agree on the slots."""
    told = node.client.cluster("INFO")
    return (told["cluster_size"], told["cluster_slots_assigned"]) == ("3", str(SLOTS))


def _name(node: RedisServer) -> str:
    found = node.client.execute_command("CLUSTER", "MYID")
    return found.decode() if isinstance(found, bytes) else str(found)


def _until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < give_up, "the nodes do not meet"
        time.sleep(0.02)
