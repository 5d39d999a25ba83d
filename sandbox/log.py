"""Request log: what arrived, in order, and over how many connections. Secrets are masked."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.control_input import PROVIDERS
from sandbox.masking import masked_headers, masked_query, readable
from sandbox.recent import Recent
from sandbox.wire import Request

KEPT = 5000


@dataclass
class LoggedRequest:
    """One request. `time` is real; `status` stays None until it is answered."""

    time: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int | None = None


class RequestLog:
    """The last requests of each provider and exact counts of all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._periods: Counter[str] = Counter()
        self._requests: dict[str, Recent[LoggedRequest]] = {n: Recent(KEPT) for n in PROVIDERS}
        self._connections: Counter[str] = Counter()
        self._served: Counter[str] = Counter()

    def clear(self, provider: str | None = None) -> None:
        """Forget the requests of one provider, or of all, and count from zero."""
        with self._lock:
            for name in [provider] if provider else PROVIDERS:
                # A new period: a connection that stays open counts again with its next request.
                self._periods[name] += 1
                self._requests[name].clear()
                self._connections[name] = self._served[name] = 0

    def add(
        self, provider: str, counted: dict[str, int], request: Request
    ) -> Callable[[int], None]:
        """Log a request at its arrival.

        Args:
            counted: in which period its connection was last counted, by provider; kept up to date.
        Returns: a function that sets the status of the answer.
        """
        logged = LoggedRequest(
            # So fine that requests of different providers can be put in order.
            time=datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            method=request.method,
            path=request.path,
            query=masked_query(request.query),
            headers=masked_headers(request.headers),
            body=readable(request.body, request.headers.get("content-type", "")),
        )
        with self._lock:
            period = self._periods[provider]
            self._requests[provider].append(logged, len(request.body))
            if counted.get(provider) != period:
                counted[provider] = period
                self._connections[provider] += 1

        def set_status(status: int) -> None:
            with self._lock:
                logged.status = status
                if period == self._periods[provider]:
                    self._served[provider] += 1

        return set_status

    def requests(self, provider: str | None = None) -> list[LoggedRequest]:
        """Copies of the requests of one provider, or of all, in order."""
        with self._lock:
            chosen: Iterable[LoggedRequest] = (
                self._requests[provider]
                if provider
                else sorted(
                    (one for some in self._requests.values() for one in some),
                    key=lambda one: one.time,
                )
            )
            return [LoggedRequest(**asdict(one)) for one in chosen]

    def connections(self, provider: str | None = None) -> int:
        """Count of TCP connections that carried a request."""
        with self._lock:
            return self._connections[provider] if provider else self._connections.total()

    def served(self, provider: str | None = None) -> int:
        """Count of requests that were answered, failures that are answers included."""
        with self._lock:
            return self._served[provider] if provider else self._served.total()
