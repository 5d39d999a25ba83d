"""Anymail's backend for Resend, sending through AVA's door and under an idempotency key.

Anymail composes the request and reads the answer. `post_to_esp` is its place for the way in
between, which is AVA's: deadline, breaker, bulkhead, correlation ID, proxies. What Anymail would do
with its own session, and does not know, is Resend's `Idempotency-Key`.
"""

from typing import Any

from anymail.backends.resend import EmailBackend
from django.core.mail import EmailMessage

from ava import upstream
from ava.upstream import Answer


class ResendBackend(EmailBackend):  # type: ignore[misc]  # Anymail has no types
    """Raises what the door raises, and whatever `refuse` makes of an answer that is no 2xx."""

    def __init__(self, *, idempotency_key: str, refuse: Any, **options: Any) -> None:
        super().__init__(**options)
        self._idempotency_key = idempotency_key
        self._refuse = refuse

    def post_to_esp(self, payload: Any, message: EmailMessage) -> Answer:
        """Send what Anymail composed. A second arrival under the same key does nothing."""
        answer = upstream.door("resend").send(
            "POST",
            f"/{payload.get_api_endpoint()}",
            headers={**payload.headers, "Idempotency-Key": self._idempotency_key},
            data=payload.serialize_data().encode(),
            repeatable=True,
        )
        if not 200 <= answer.status < 300:
            raise self._refuse(answer)
        return answer
