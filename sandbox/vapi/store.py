"""Vapi's objects in memory."""

import copy
import threading
from typing import Any

from sandbox.clock import CountingClock, SystemClock, iso_time

Resource = dict[str, Any]


class Store:
    """One kind of object, by id. What goes in and out is copied."""

    def __init__(
        self, clock: CountingClock | SystemClock, org_id: str, seed: list[Resource]
    ) -> None:
        self._clock = clock
        self._org_id = org_id
        self._seed = seed
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the seed data."""
        with self._lock:
            self._resources = {resource["id"]: copy.deepcopy(resource) for resource in self._seed}

    def all(self) -> list[Resource]:
        """All objects, the newest first."""
        with self._lock:
            return sorted(
                copy.deepcopy(list(self._resources.values())),
                key=lambda t: t["createdAt"],
                reverse=True,
            )

    def get(self, resource_id: str) -> Resource | None:
        """One object."""
        with self._lock:
            return copy.deepcopy(self._resources.get(resource_id))

    def create(self, fields: Resource) -> Resource:
        """Add an object; id, owner and times are the server's."""
        with self._lock:
            now = iso_time(self._clock.now())
            resource = {"id": self._clock.new_id(), "orgId": self._org_id, **copy.deepcopy(fields)}
            resource |= {"createdAt": now, "updatedAt": now}
            self._resources[resource["id"]] = resource
            return copy.deepcopy(resource)

    def update(self, resource_id: str, fields: Resource) -> Resource | None:
        """Replace each given field whole: nothing nested is merged."""
        with self._lock:
            resource = self._resources.get(resource_id)
            if resource is None:
                return None
            resource |= copy.deepcopy(fields) | {"updatedAt": iso_time(self._clock.now())}
            return copy.deepcopy(resource)

    def delete(self, resource_id: str) -> Resource | None:
        """Remove an object and return it."""
        with self._lock:
            return self._resources.pop(resource_id, None)
