"""Life of a call: queued, dialled, ringing, answered, ended, with a callback for each step."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.clock import utc_now
from sandbox.phones import PhoneNetwork
from sandbox.twilio.forms import new_sid, rfc2822, snake_case
from sandbox.twilio.seed import ACCOUNT_SID, BASE
from sandbox.twilio.signing import Params, idempotency_token, request

EVENTS = ("initiated", "ringing", "answered", "completed")
PRICE_PER_MINUTE = 0.014
SIP_SCHEMES = ("sip:", "sips:")
# https://www.twilio.com/docs/voice/api/call-resource#statuscallback
SIP = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}

_PARTS = """
    Events Notifications Payments Recordings Siprec Streams Transcriptions
    UserDefinedMessageSubscriptions UserDefinedMessages
"""


@dataclass(frozen=True)
class Callback:
    """Address and events of a call's progress reports."""

    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


def _nothing(call: "Call") -> None:
    """Default listener."""


@dataclass
class Call:
    """One leg of a call. Several threads change it, each under `lock`.

    `on_ringing`, `on_answered` and `on_ended` are called when the phone rings, is picked up, and at
    the end.
    `label` says in the effects for which provider the phone rings. `bridge` is the same leg as
    seen by the provider at its other end: both are picked up and end together. `more`: parameters
    of its requests that only some calls have.
    """

    network: PhoneNetwork
    to: str
    from_: str
    callback: Callback = Callback()
    on_answered: Callable[["Call"], None] = _nothing
    direction: str = "outbound-api"
    parent_sid: str | None = None
    phone_number_sid: str | None = None
    time_limit_s: int = 14_400
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    created: datetime = field(default_factory=utc_now)
    updated: datetime = field(default_factory=utc_now)
    started: datetime | None = None
    picked_up: datetime | None = None
    ended: datetime | None = None
    queue_ms: int = 0
    sequence: int = 0
    effect: dict[str, Any] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)
    on_ringing: Callable[["Call"], None] = _nothing
    on_ended: Callable[["Call"], None] = _nothing
    label: dict[str, str] = field(default_factory=lambda: {"provider": "twilio"})
    bridge: "Call | None" = None
    more: dict[str, str] = field(default_factory=dict)

    def dial(self) -> None:
        """Dial, and find out what the phone does."""
        with self.lock:
            if self.status != "queued":
                return
            self.started = self.updated = utc_now()
            self.queue_ms = int((self.started - self.created).total_seconds() * 1000)
            self._notify("initiated", "initiated")
            phone = self.network.phone(self.to)
            if phone.behaviour in ("fail", "busy"):
                self.end("failed" if phone.behaviour == "fail" else "busy")
                return
            self.ring()
            answers = phone.behaviour != "no-answer"
            pace = self.network.pace
            ring_ms = phone.ring_ms
            if ring_ms is None:
                ring_ms = pace.ring_ms if answers else pace.no_answer_ms
            outcome = self.pick_up if answers else lambda: self.end("no-answer")
            self.network.timers.after(ring_ms / 1000, outcome)

    def ring(self) -> None:
        """Ring the phone: from here on it is an effect."""
        with self.lock:
            self.status, self.updated = "ringing", utc_now()
            self.started = self.started or self.updated
            if self.direction != "inbound" and not self.to.lower().startswith(SIP_SCHEMES):
                self.effect = self.network.record_ring(self.sid, self.to, self.from_, self.label)
            self._notify("ringing", "ringing")
            on_ringing = self.on_ringing
            self.network.timers.after(0, lambda: on_ringing(self))

    def pick_up(self) -> None:
        """Answer the call."""
        with self.lock:
            if self.status != "ringing":
                return
            self.status = "in-progress"
            self.picked_up = self.updated = utc_now()
            self._notify("answered", "in-progress")
            if self.bridge:
                self.network.timers.after(0, self.bridge.pick_up)
        seconds = self.network.phone(self.remote_number).seconds
        if seconds is not None:
            self.later(seconds, lambda: self.end("completed", "callee"))
        self.later(self.time_limit_s, lambda: self.end("completed", "time-limit"))
        self.on_answered(self)

    def later(self, seconds: float, task: Callable[[], None]) -> None:
        """Run a task after so many seconds of a call."""
        self.network.timers.after(seconds / self.network.pace.speed, task)

    def end(self, status: str, by: str | None = None) -> None:
        """End the call. `by`: who ended it (twiml, rest, callee ...), as the effect shows."""
        with self.lock:
            if self.ended:
                return
            self.status = status
            self.ended = self.updated = utc_now()
            self.effect["ended"] = by or status
            self._notify("completed", status)
            # Not here, under the lock: the listener may end other legs.
            self.network.timers.after(0, lambda: self.on_ended(self))
            if bridge := self.bridge:
                self.network.timers.after(0, lambda: bridge.end(status, by))

    @property
    def remote_number(self) -> str:
        """The other party's number, not the account's own."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def seconds(self) -> int:
        """Seconds of talk as billed: begun ones count."""
        if not self.picked_up:
            return 0
        real = ((self.ended or utc_now()) - self.picked_up).total_seconds()
        return max(math.ceil(real * self.network.pace.speed), 1)

    def params(self, status: str | None = None) -> list[tuple[str, str]]:
        """Parameters of every request about this call."""
        given = [
            ("CallSid", self.sid),
            ("AccountSid", ACCOUNT_SID),
            ("From", self.from_),
            ("To", self.to),
            ("Caller", self.from_),
            ("Called", self.to),
            ("CallStatus", status or self.status),
            ("ApiVersion", "2010-04-01"),
            ("Direction", self.direction),
        ]
        given += self.more.items()
        return given + ([("ParentCallSid", self.parent_sid)] if self.parent_sid else [])

    def resource(self) -> dict[str, Any]:
        """The call as the REST API shows it."""
        with self.lock:
            uri = f"{BASE}/Calls/{self.sid}"
            minutes = math.ceil(self.seconds / 60)
            # Twilio's document: neither end nor duration of a call that was not taken.
            complete = self.status == "completed"
            return {
                "sid": self.sid,
                "account_sid": ACCOUNT_SID,
                "answered_by": None,
                "api_version": "2010-04-01",
                "caller_name": None,
                "date_created": rfc2822(self.created),
                "date_updated": rfc2822(self.updated),
                "direction": self.direction,
                "duration": str(self.seconds) if complete else None,
                "end_time": rfc2822(self.ended) if complete else None,
                "forwarded_from": None,
                "from": self.from_,
                "from_formatted": self.from_,
                "group_sid": None,
                "parent_call_sid": self.parent_sid,
                "phone_number_sid": self.phone_number_sid,
                "price": f"-{minutes * PRICE_PER_MINUTE:.5f}" if complete and minutes else None,
                "price_unit": "USD",
                "queue_time": str(self.queue_ms),
                "start_time": rfc2822(self.started),
                "status": self.status,
                "subresource_uris": {snake_case(p): f"{uri}/{p}.json" for p in _PARTS.split()},
                "to": self.to,
                "to_formatted": self.to,
                "trunk_sid": None,
                "uri": f"{uri}.json",
            }

    def timestamps(self) -> dict[str, datetime | None]:
        """Times that lists filter by."""
        return {"StartTime": self.started, "EndTime": self.ended}

    def _notify(self, event: str, status: str) -> None:
        callback = self.callback
        if not callback.url or event not in callback.events:
            return
        params = [
            *self.params(status),
            ("Timestamp", rfc2822(self.updated) or ""),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(self.sequence)),
        ]
        self.sequence += 1
        if self.ended:
            params += [
                ("SipResponseCode", SIP[status]),
                ("CallDuration", str(self.seconds)),
                ("Duration", str(math.ceil(self.seconds / 60))),
            ]
        self._send(f"{self.to} {event}", callback, params)

    def _send(self, mark: str, callback: Callback, params: Params) -> None:
        token = idempotency_token()

        def deliver() -> None:
            request(self.network, callback.method, callback.url, params, token)

        self.network.callbacks.send(self.sid, mark, deliver)
