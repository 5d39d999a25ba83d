"""Vapi's objects in memory."""

import copy
import threading
from typing import Any

from sandbox.clock import CountingClock, SystemClock, iso_time

Thing = dict[str, Any]


class Store:
    """One kind of object, by id. What goes in and out is copied."""

    def __init__(self, clock: CountingClock | SystemClock, org_id: str, seed: list[Thing]) -> None:
        self._clock = clock
        self._org_id = org_id
        self._seed = seed
        self._lock = threading.Lock()
        self._things: dict[str, Thing] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the seed data."""
        with self._lock:
            self._things = {thing["id"]: copy.deepcopy(thing) for thing in self._seed}

    def all(self) -> list[Thing]:
        """All objects, the newest first."""
        with self._lock:
            return sorted(
                copy.deepcopy(list(self._things.values())),
                key=lambda t: t["createdAt"],
                reverse=True,
            )

    def get(self, thing_id: str) -> Thing | None:
        """One object."""
        with self._lock:
            return copy.deepcopy(self._things.get(thing_id))

    def create(self, fields: Thing) -> Thing:
        """Add an object; id, owner and times are the server's."""
        with self._lock:
            now = iso_time(self._clock.now())
            thing = {"id": self._clock.new_id(), "orgId": self._org_id, **copy.deepcopy(fields)}
            thing |= {"createdAt": now, "updatedAt": now}
            self._things[thing["id"]] = thing
            return copy.deepcopy(thing)

    def update(self, thing_id: str, fields: Thing) -> Thing | None:
        """Replace each given field whole: nothing nested is merged."""
        with self._lock:
            thing = self._things.get(thing_id)
            if thing is None:
                return None
            thing |= copy.deepcopy(fields) | {"updatedAt": iso_time(self._clock.now())}
            return copy.deepcopy(thing)

    def delete(self, thing_id: str) -> Thing | None:
        """Remove an object and return it."""
        with self._lock:
            return self._things.pop(thing_id, None)
