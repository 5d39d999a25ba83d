"""Correlation ID: one per request, carried into logs, rows and provider requests."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Correlation-ID"
META = "HTTP_X_CORRELATION_ID"
MAX_LENGTH = 128

CURRENT: ContextVar[str] = ContextVar("correlation_id", default="")

ASKED: ContextVar[str] = ContextVar("provider_asked_under", default="")
"""The ID under which this thread last asked a provider."""

_ACCEPTED = re.compile(rf"[A-Za-z0-9._:-]{{1,{MAX_LENGTH}}}")


def new() -> str:
    return str(uuid.uuid4())


def accept(candidate: str | None) -> str:
    """The caller's ID when it is well formed, else a fresh one: a hostile value goes nowhere."""
    return candidate if candidate is not None and _ACCEPTED.fullmatch(candidate) else new()


current = CURRENT.get
"""The ID in force; empty outside of any request or job."""


@contextmanager
def bind(correlation_id: str) -> Iterator[None]:
    """Run a block under this ID, in code and in every log line."""
    token = CURRENT.set(correlation_id)
    try:
        yield
    finally:
        CURRENT.reset(token)
