"""Resend's idempotency keys (https://resend.com/docs/dashboard/emails/idempotency-keys).

A key is kept for 24 hours with the mail that was sent under it. A refused request keeps none.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import utc_now
from sandbox.resend.errors import RefusedError

LONGEST = 256
KEPT_FOR = timedelta(hours=24)

MALFORMED = (
    400,
    "invalid_idempotency_key",
    "Idempotency keys, if present, must have between 1 and 256 characters.",
)
OTHER_BODY = (
    409,
    "invalid_idempotent_request",
    "This idempotency key has been used with this HTTP method and endpoint within the last 24 "
    "hours, but the request body was modified and doesn\u2019t match the original request.",
)


class IdempotencyKeys:
    """Results by key. The caller lets one request in at a time."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._kept: dict[str, tuple[datetime, Any, str]] = {}

    def result(self, key: str | None, body: Any) -> str | None:
        """The id of the mail that was sent under `key`, if any. Raises: RefusedError."""
        if key is None:
            return None
        if not 1 <= len(key) <= LONGEST:
            raise RefusedError(*MALFORMED)
        at, known, mail_id = self._kept.get(key, (None, None, ""))
        if at is None or self._now() - at >= KEPT_FOR:
            return None
        if known != body:
            raise RefusedError(*OTHER_BODY)
        return mail_id

    def keep(self, key: str | None, body: Any, mail_id: str) -> None:
        """Remember what was sent under `key`."""
        if key is not None:
            self._kept[key] = (self._now(), body, mail_id)
