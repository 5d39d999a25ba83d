"""What arrived, in order, and over how many connections. Secrets are masked on the way in."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.masking import masked_headers, masked_query, readable
from sandbox.ordering import PROVIDERS
from sandbox.recent import Recent
from sandbox.wire import Request

KEPT = 5000


@dataclass
class Arrival:
    """One logged request. `time` is by the wall; `status` stays None until it is answered."""

    time: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int | None = None


@dataclass
class Connection:
    """One TCP connection; remembers in which period it was counted for which provider."""

    counted: dict[str, int]


class RequestLog:
    """The last requests of each provider and exact counts of all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._periods: Counter[str] = Counter()
        self._arrivals: dict[str, Recent[Arrival]] = {name: Recent(KEPT) for name in PROVIDERS}
        self._connections: Counter[str] = Counter()
        self._served: Counter[str] = Counter()

    def clear(self, provider: str | None = None) -> None:
        """Forget what arrived for one provider, or for all, and count connections afresh."""
        with self._lock:
            for name in [provider] if provider else PROVIDERS:
                # A new period: a connection that stays open counts again with its next request.
                self._periods[name] += 1
                self._arrivals[name].clear()
                self._connections[name] = self._served[name] = 0

    def arrived(self, provider: str, connection: Connection, request: Request) -> "Ticket":
        """Log a request at its arrival."""
        arrival = Arrival(
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
            self._arrivals[provider].append(arrival, len(request.body))
            if connection.counted.get(provider) != period:
                connection.counted[provider] = period
                self._connections[provider] += 1
            return Ticket(self, provider, period, arrival)

    def answered(self, ticket: "Ticket", status: int) -> None:
        """Note the answer to a logged request."""
        with self._lock:
            ticket.arrival.status = status
            if ticket.period == self._periods[ticket.provider]:
                self._served[ticket.provider] += 1

    def arrivals(self, provider: str | None = None) -> list[Arrival]:
        """Copies of what arrived for one provider, or for all, in order."""
        with self._lock:
            chosen: Iterable[Arrival] = (
                self._arrivals[provider]
                if provider
                else sorted(
                    (a for some in self._arrivals.values() for a in some), key=lambda a: a.time
                )
            )
            return [Arrival(**asdict(arrival)) for arrival in chosen]

    def connections(self, provider: str | None = None) -> int:
        """How many TCP connections carried a request."""
        with self._lock:
            return self._connections[provider] if provider else self._connections.total()

    def served(self, provider: str | None = None) -> int:
        """How many requests were answered, failures that are answers included."""
        with self._lock:
            return self._served[provider] if provider else self._served.total()


@dataclass(frozen=True)
class Ticket:
    """Ties an answer to its logged request."""

    log: RequestLog
    provider: str
    period: int
    arrival: Arrival

    def answered(self, status: int) -> None:
        """Note the answer."""
        self.log.answered(self, status)
