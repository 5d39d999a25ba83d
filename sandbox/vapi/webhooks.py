"""Webhooks to an app's server about a call: notifications, and questions that it answers.

https://docs.vapi.ai/server-url/events
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.phones import PhoneNetwork
from sandbox.phones.http_client import Reply, UnansweredError, UnreachableError
from sandbox.vapi.organisation import Organisation
from sandbox.vapi.store import Resource

TIMEOUT_S = 20.0
ASSISTANT_REQUEST_S = 7.5
DEFAULT_MESSAGES = frozenset({"status-update", "end-of-call-report", "tool-calls"})


@dataclass(frozen=True)
class AppServer:
    """An app's server: a server object, or the organisation's address."""

    network: PhoneNetwork
    organisation: Organisation
    settings: Resource
    message_types: frozenset[str] = DEFAULT_MESSAGES

    @property
    def url(self) -> str:
        """The address; empty without one."""
        return str(self.settings.get("url") or self.organisation.url or "")

    def notify(self, call_id: str, mark: str, message: Resource) -> None:
        """Send a notification, with the retries of the backoff plan; without one, once."""
        if not self.url or message["type"] not in self.message_types:
            return
        body = _encode(message)
        plan = self.settings.get("backoffPlan") or {}

        def deliver(number: int = 0) -> None:
            reply = self._send(body, self.settings.get("timeoutSeconds", TIMEOUT_S))
            if (reply and reply.ok) or number >= plan.get("maxRetries", 0):
                return
            if reply and reply.status in plan.get("excludedStatusCodes", ()):
                return
            grows = 2**number if plan.get("type") == "exponential" else 1
            wait = plan.get("baseDelaySeconds", 0) * grows
            self.network.senders.after(wait, lambda: deliver(number + 1))

        self.network.callbacks.send(call_id, mark, deliver)

    def request(self, message: Resource, answered: Callable[[Any], None], timeout_s: float) -> None:
        """Send a question; `answered` gets the answer's JSON, or None where there was none."""

        def deliver() -> None:
            reply = self._send(_encode(message), timeout_s) if self.url else None
            try:
                answer = json.loads(reply.body) if reply and reply.ok else None
            except ValueError:
                answer = None
            self.network.timers.after(0, lambda: answered(answer))

        self.network.senders.after(0, deliver)

    def _send(self, body: bytes, timeout_s: float) -> Reply | None:
        given = self.settings.get("headers") or {}
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Vapi/1.0",
            **self.organisation.auth_headers(body),
            **{str(name): str(value) for name, value in given.items()},
        }
        try:
            return self.network.send_request("POST", self.url, headers, body, read_s=timeout_s)
        except (UnreachableError, UnansweredError, ValueError):
            return None


def _encode(message: Resource) -> bytes:
    stamped = {**message, "timestamp": int(time.time() * 1000)}
    return json.dumps({"message": stamped}, separators=(",", ":")).encode()
