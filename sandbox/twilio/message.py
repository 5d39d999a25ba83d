"""Life of a message: queued, sending, sent, delivered or not, with a callback for each step."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.clock import utc_now
from sandbox.phones import PhoneNetwork
from sandbox.twilio.forms import new_sid, rfc2822
from sandbox.twilio.seed import ACCOUNT_SID, BASE
from sandbox.twilio.signing import idempotency_token, request

PRICE = 0.0079
ERRORS = {
    "undelivered": (30003, "Unreachable destination handset"),
    "failed": (30008, "Unknown error"),
}
# States with a carrier's receipt, whose time is RawDlrDoneDate.
# https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
RECEIPTS = frozenset({"delivered", "undelivered"})
WAITING = frozenset({"accepted", "queued"})
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@dataclass
class Message:
    """One message. Several threads change it, each under `lock`.

    `attachments` of an MMS that came in; `more`: parameters that only some webhooks have.
    """

    network: PhoneNetwork
    to: str
    from_: str
    body: str
    callback: str = ""
    media: int = 0
    service: str = ""
    attachments: list[dict[str, str]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    direction: str = "outbound-api"
    status: str = "queued"
    sid: str = ""
    created: datetime = field(default_factory=utc_now)
    updated: datetime = field(default_factory=utc_now)
    sent: datetime | None = None
    lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.sid = self.sid or new_sid("MM" if self.media else "SM")
        if self.direction == "inbound":
            self.sent = self.created

    @property
    def is_final(self) -> bool:
        """Whether its status can change no more."""
        return self.status in FINAL

    def start(self) -> None:
        """Start sending."""
        self._later(self._sending)

    def cancel(self) -> bool:
        """Stop it where it is still queued. Returns: whether it was."""
        with self.lock:
            if self.status not in WAITING:
                return False
            self._set_status("canceled")
            return True

    def _sending(self) -> None:
        with self.lock:
            if self.status not in WAITING:
                return
            self._set_status("sending")
            fails = self.network.phone(self.to).texts == "failed"
        self._later(lambda: self._set_status("failed") if fails else self._sent())

    def _sent(self) -> None:
        with self.lock:
            self.sent = utc_now()
            self.network.record_text(self.sid, self.to, self.from_, self.body)
            self._set_status("sent")
        texts = self.network.phone(self.to).texts
        self._later(lambda: self._set_status(texts if texts == "undelivered" else "delivered"))

    def _set_status(self, status: str) -> None:
        with self.lock:
            self.status, self.updated = status, utc_now()
            if self.callback:
                self._notify()

    def _later(self, task: Callable[[], None]) -> None:
        self.network.timers.after(self.network.pace.text_ms / 1000, task)

    def params(self) -> list[tuple[str, str]]:
        """Parameters of every request about this message."""
        return [
            ("MessageSid", self.sid),
            ("SmsSid", self.sid),
            ("AccountSid", ACCOUNT_SID),
            ("From", self.from_),
            ("To", self.to),
            ("ApiVersion", "2010-04-01"),
            ("SmsStatus", self.status),
            *([("MessagingServiceSid", self.service)] if self.service else []),
        ]

    def webhook_params(self) -> list[tuple[str, str]]:
        """Parameters of the webhook about a message that came in.

        https://www.twilio.com/docs/messaging/guides/webhook-request
        """
        return [
            *self.params(),
            ("SmsMessageSid", self.sid),
            ("Body", self.body),
            ("NumSegments", str(_segments(self.body))),
            ("NumMedia", str(self.media)),
            *(
                pair
                for place, one in enumerate(self.attachments)
                for pair in (
                    (f"MediaUrl{place}", one["url"]),
                    (f"MediaContentType{place}", one["content_type"]),
                )
            ),
            *self.more.items(),
        ]

    def _notify(self) -> None:
        url, params = self.callback, [*self.params(), ("MessageStatus", self.status)]
        if code := ERRORS.get(self.status):
            params.append(("ErrorCode", str(code[0])))
        if self.status in RECEIPTS:
            params.append(("RawDlrDoneDate", self.updated.strftime("%y%m%d%H%M")))
        token = idempotency_token()

        def deliver() -> None:
            request(self.network, "POST", url, params, token)

        self.network.callbacks.send(self.sid, f"{self.to} {self.status}", deliver)

    def resource(self) -> dict[str, Any]:
        """The message as the REST API shows it."""
        with self.lock:
            code, message = ERRORS.get(self.status, (None, None))
            uri = f"{BASE}/Messages/{self.sid}"
            segments = _segments(self.body)
            return {
                "account_sid": ACCOUNT_SID,
                "api_version": "2010-04-01",
                "body": self.body,
                "date_created": rfc2822(self.created),
                "date_sent": rfc2822(self.sent),
                "date_updated": rfc2822(self.updated),
                "direction": self.direction,
                "error_code": code,
                "error_message": message,
                # A service has not chosen a sender yet.
                "from": None if self.status == "accepted" else self.from_,
                "messaging_service_sid": self.service or None,
                "num_media": str(self.media),
                "num_segments": str(segments),
                "price": f"-{segments * PRICE:.5f}" if self.sent else None,
                "price_unit": "USD",
                "sid": self.sid,
                "status": self.status,
                "subresource_uris": {"media": f"{uri}/Media.json"},
                "to": self.to,
                "uri": f"{uri}.json",
            }

    def timestamps(self) -> dict[str, datetime | None]:
        """Times that lists filter by."""
        return {"DateSent": self.sent}


def _segments(body: str) -> int:
    """160 characters of GSM-7, or 70 of UCS-2; less where several belong together."""
    alone, joined = (160, 153) if set(body) <= _GSM_7 else (70, 67)
    length = len(body) if alone == 160 else len(body.encode("utf-16-le", "surrogatepass")) // 2
    return 1 if length <= alone else math.ceil(length / joined)
