"""Deliveries of events: signed, tried again, and replayed on demand.

https://docs.svix.com/receiving/verifying-payloads/how-manual
https://resend.com/docs/webhooks/retries-and-replays
"""

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sandbox.control_input import InvalidInputError
from sandbox.phones import PhoneNetwork
from sandbox.phones.http_client import UnansweredError, UnreachableError
from sandbox.recent import Recent
from sandbox.resend.events import Payload
from sandbox.resend.webhooks import Endpoint, Webhooks

READ_S = 15.0
KEPT = 20_000
# Seconds before each further try, in the time of a call: `speed` makes them pass faster.
RETRIES_S = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Value of `svix-signature`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


@dataclass(frozen=True)
class Message:
    """One event; its id is the same for every endpoint, try and replay.

    `mark` decides its faults, and is the same in every run.
    """

    payload: Payload
    mark: str
    id: str = field(default_factory=lambda: f"msg_{uuid.uuid4().hex[:27]}")

    @property
    def type(self) -> str:
        """Such as `email.bounced`."""
        return str(self.payload["type"])


class Delivery:
    """Sends events to the endpoints that want them."""

    def __init__(self, network: PhoneNetwork, webhooks: Webhooks) -> None:
        self._network = network
        self._webhooks = webhooks
        self._lock = threading.Lock()
        self._messages: Recent[Message] = Recent(KEPT)

    def send(self, message: Message) -> dict[str, Any]:
        """Send an event. Returns: what it is, and to how many endpoints it goes."""
        with self._lock:
            self._messages.append(message, 1)
        return self._dispatch(message)

    def replay(self, message_id: str | None) -> list[dict[str, Any]]:
        """Send an event once more, or all of them. Raises: InvalidInputError."""
        with self._lock:
            messages = [one for one in self._messages if message_id in (None, one.id)]
        if message_id and not messages:
            raise InvalidInputError(f"There was no event {message_id}.")
        return [self._dispatch(message) for message in messages]

    def _dispatch(self, message: Message) -> dict[str, Any]:
        data = message.payload["data"]
        endpoints = self._webhooks.listening(message.type)
        for endpoint in endpoints:
            about = f"{data['email_id']} {endpoint.id}"
            deliver = partial(self._deliver, message, endpoint.id)
            self._network.callbacks.send(about, message.mark, deliver)
        return {
            "id": message.id,
            "type": message.type,
            "to": data["to"],
            "endpoints": len(endpoints),
        }

    def _deliver(self, message: Message, endpoint_id: str, number: int = 0) -> None:
        listening = {one.id: one for one in self._webhooks.listening(message.type)}
        endpoint = listening.get(endpoint_id)  # removed or disabled: no more tries
        if endpoint is None or self._attempt(message, endpoint) or number == len(RETRIES_S):
            return
        wait = RETRIES_S[number] / self._network.pace.speed
        self._network.senders.after(wait, partial(self._deliver, message, endpoint_id, number + 1))

    def _attempt(self, message: Message, endpoint: Endpoint) -> bool:
        """Send an event to one endpoint. Returns: whether it took it."""
        body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        now = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Svix-Webhooks/1.80",
            "svix-id": message.id,
            "svix-timestamp": now,
            "svix-signature": signature(endpoint.secret, message.id, now, body),
        }
        try:
            url = endpoint.endpoint
            return self._network.send_request("POST", url, headers, body, read_s=READ_S).ok
        except (UnreachableError, UnansweredError):
            return False
