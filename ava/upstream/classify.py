"""Classification of responses: an answer for the caller, or a failed attempt."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from ava.upstream.answer import Answer
from ava.upstream.errors import ProviderAuthFailed, ProviderRateLimited, ProviderUnreachable
from ava.upstream.retry import AttemptFailed
from ava.upstream.service import Service
from ava.upstream.transport import Reply

_SECONDS = re.compile(r"[0-9]{1,9}")


def classify_response(service: Service, reply: Reply, now: datetime) -> Answer:
    """The reply as the caller's to read (contract, section 3).

    Raises:
        AttemptFailed: it is not.
    """
    cause = f"status {reply.status}"
    asked = retry_after(reply.headers, now)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise AttemptFailed(ProviderRateLimited(service, retry_after=asked), cause, asked)
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AttemptFailed(ProviderAuthFailed(service, said=reply.body), cause)
    if reply.status == HTTPStatus.REQUEST_TIMEOUT or reply.status >= 500:
        raise AttemptFailed(ProviderUnreachable(service), cause, asked)
    return Answer(reply.status, reply.headers, reply.body, service)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` in seconds from now (RFC 9110, 10.2.3: a number or a date); None if unclear."""
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: an hour with too many digits
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
