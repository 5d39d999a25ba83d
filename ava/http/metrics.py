"""Metrics of answers that are errors (docs/OPERATIONS.md, Metrics)."""

from prometheus_client import Counter

from ava.http.correlation import HEADER

ERRORS = Counter(
    "ava_error_responses",
    "Answers with a status from 400 on, by code and by whose doing they are.",
    ["code", "status", "cause"],
)
WITHOUT_ID = Counter(
    "ava_responses_without_correlation_id", "Answers that left without a correlation ID."
)
# Of errors that are no problem of AVA's, such as an asset that is not there.
NO_CODE = "none"

_ID = HEADER.lower().encode()


def introduce(code: str, status: int, *, is_providers: bool) -> None:
    """Make the series of a problem exist, at 0: a rate over a missing series is no answer."""
    ERRORS.labels(code, str(int(status)), _cause(status, is_providers))


def count_error(status: int, code: str = NO_CODE, *, is_providers: bool = False) -> None:
    ERRORS.labels(code, str(int(status)), _cause(status, is_providers)).inc()


def count_without_id(headers: list[tuple[bytes, bytes]]) -> None:
    """Count an answer whose headers name no correlation ID: each one should."""
    if not any(name.lower() == _ID for name, _ in headers):
        WITHOUT_ID.inc()


def _cause(status: int, is_providers: bool) -> str:
    if is_providers:
        return "provider"
    return "client" if status < 500 else "ava"
