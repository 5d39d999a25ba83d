"""Telephone network: phones by number, effects, the queue of calls, and requests to apps."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from sandbox.clock import iso_time, utc_now
from sandbox.masking import masked_url, readable
from sandbox.phones import http_client
from sandbox.phones.callback_queue import CallbackQueue
from sandbox.phones.phone import Pace, Phone
from sandbox.phones.scheduler import Scheduler
from sandbox.recent import Recent

SENDERS = 32
KEPT = 20_000


class PhoneNetwork:
    """The network from one reset to the next. After `stop` it does nothing more."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.phones: dict[str, Phone] = {}
        # Two, so that an app that lets its callbacks hang does not hold up the phones.
        self.timers = Scheduler("sandbox-timers", 1)
        self.senders = Scheduler("sandbox-senders", SENDERS)
        self.callbacks = CallbackQueue(self.senders)
        self._lock = threading.Lock()
        self._free_at = 0.0
        self._calls: list[dict[str, Any]] = []
        self._messages: list[dict[str, Any]] = []
        self._webhooks: Recent[dict[str, Any]] = Recent(KEPT)

    def stop(self) -> None:
        """Stop everything that is under way; nothing more is sent."""
        self.timers.stop()
        self.senders.stop()

    def phone(self, to: str) -> Phone:
        """The phone at a number; by default one that answers."""
        return self.phones.get(to) or Phone()

    def dial_delay(self) -> float:
        """Take a place in the queue of calls to be dialled. Returns: seconds until its turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + 1 / self.pace.calls_per_second
            return turn - now

    def record_ring(self, sid: str, to: str, from_: str, label: dict[str, str]) -> dict[str, Any]:
        """A phone rings. Returns: the effect, for its end to be noted in."""
        at = iso_time(utc_now())
        effect = {"sid": sid, "to": to, "from": from_, "at": at, **label, "ended": None}
        with self._lock:
            self._calls.append(effect)
        return effect

    def record_text(self, sid: str, to: str, from_: str, body: str) -> None:
        """A message leaves for a phone."""
        effect = {"sid": sid, "to": to, "from": from_, "at": iso_time(utc_now()), "body": body}
        with self._lock:
            self._messages.append(effect)

    def send_request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", **limits: float
    ) -> http_client.Reply:
        """Send a request to an app, and log it with its answer."""
        webhook = {
            "time": iso_time(utc_now()),
            "method": method,
            "url": masked_url(url),
            "body": readable(body, headers.get("Content-Type", "")),
        }
        answered: dict[str, Any] = {"status": None, "answer": None}
        size = len(body)
        try:
            reply = http_client.send(method, url, headers, body, **limits)
            answered = {"status": reply.status, "answer": readable(reply.body)}
            size += len(reply.body)
            return reply
        finally:
            with self._lock:
                self._webhooks.append({**webhook, **answered}, size)

    def webhooks(self) -> list[dict[str, Any]]:
        """Requests to apps, with their answers."""
        with self._lock:
            return list(self._webhooks)

    def effects(self) -> dict[str, list[dict[str, Any]]]:
        """Calls that rang and messages that left, in order."""
        with self._lock:
            return {
                "calls": [dict(call) for call in self._calls],
                "messages": [dict(message) for message in self._messages],
            }
