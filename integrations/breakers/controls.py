"""Operator overrides for the server's breakers, from memory, a moment old."""

from collections.abc import Mapping

from django.utils import timezone

from ava.cache.stale_on_error import StaleOnErrorCache
from ava.upstream import OperatorOverride
from integrations.breakers.models import BreakerControl

FRESH_SECONDS = 0.08
"""How old they may be: an override is to reach every worker within 0.1 s."""


def _read() -> Mapping[str, BreakerControl]:
    return {row.provider: row for row in BreakerControl.objects.all()}


_controls: StaleOnErrorCache[Mapping[str, BreakerControl]] = StaleOnErrorCache(
    "breaker controls", _read, {}, seconds=FRESH_SECONDS
)


def override_of(provider: str) -> OperatorOverride | None:
    """The last override of this breaker, at most `FRESH_SECONDS` old; None without any.

    While the database does not answer, the last known one stays in force.
    """
    control = _controls.get().get(provider)
    return control.override(timezone.now()) if control else None


def expire() -> None:
    """Read anew at the next question: this process has just written an override."""
    _controls.expire()


def forget() -> None:
    """Forget the copy, as after a start (tests)."""
    _controls.forget()
