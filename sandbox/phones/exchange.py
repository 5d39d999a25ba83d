"""The exchange: whom a number rings, who was really reached, and when a call's turn comes."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from sandbox.clock import stamp, wall
from sandbox.masking import masked_url, readable
from sandbox.phones import out
from sandbox.phones.mail import Mail
from sandbox.phones.phone import Pace, Phone
from sandbox.phones.timeline import Timeline
from sandbox.recent import Recent

WIRES = 32
KEPT = 20_000


class Exchange:
    """The network from one reset to the next; after `stop` nothing of it happens any more."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.phones: dict[str, Phone] = {}
        # Apart, so that an app that lets its callbacks hang does not hold up the phones.
        self.steps = Timeline("sandbox-steps", 1)
        self.wires = Timeline("sandbox-wires", WIRES)
        self.mail = Mail(self.wires)
        self._lock = threading.Lock()
        self._free_at = 0.0
        self._calls: list[dict[str, Any]] = []
        self._messages: list[dict[str, Any]] = []
        self._webhooks: Recent[dict[str, Any]] = Recent(KEPT)

    def stop(self) -> None:
        """End everything that is under way, without a word to anybody."""
        self.steps.stop()
        self.wires.stop()

    def phone(self, to: str) -> Phone:
        """The phone at a number; one that answers if nobody told otherwise."""
        return self.phones.get(to) or Phone()

    def wait_for_turn(self) -> float:
        """Take a place in the queue of calls to be dialled. Returns: seconds until its turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + 1 / self.pace.calls_per_second
            return turn - now

    def rang(self, sid: str, to: str, from_: str, label: dict[str, str]) -> dict[str, Any]:
        """A phone rings. Returns: the effect, for its end to be noted in."""
        effect = {
            "sid": sid,
            "to": to,
            "from": from_,
            "at": stamp(wall()),
            **label,
            "ended": None,
        }
        with self._lock:
            self._calls.append(effect)
        return effect

    def texted(self, sid: str, to: str, from_: str, body: str) -> None:
        """A message leaves for a phone."""
        effect = {"sid": sid, "to": to, "from": from_, "at": stamp(wall()), "body": body}
        with self._lock:
            self._messages.append(effect)

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", **limits: float
    ) -> out.Reply:
        """`out.ask`, remembered for whoever wants to know what an app was told."""
        webhook = {
            "time": stamp(wall()),
            "method": method,
            "url": masked_url(url),
            "body": readable(body, headers.get("Content-Type", "")),
        }
        told: dict[str, Any] = {"status": None, "answer": None}
        size = len(body)
        try:
            reply = out.ask(method, url, headers, body, **limits)
            told = {"status": reply.status, "answer": readable(reply.body)}
            size += len(reply.body)
            return reply
        finally:
            with self._lock:
                self._webhooks.append({**webhook, **told}, size)

    def webhooks(self) -> list[dict[str, Any]]:
        """What apps were told and asked, and how they answered."""
        with self._lock:
            return list(self._webhooks)

    def effects(self) -> dict[str, list[dict[str, Any]]]:
        """Who was really reached, in order."""
        with self._lock:
            return {
                "calls": [dict(call) for call in self._calls],
                "messages": [dict(message) for message in self._messages],
            }
