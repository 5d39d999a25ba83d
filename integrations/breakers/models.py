"""Breaker events, and the operator's overrides."""

from datetime import datetime
from typing import cast

from django.conf import settings
from django.db import models

from ava.http import correlation
from ava.upstream import OperatorOverride
from ava.upstream.circuit import Forced

REASON_LENGTH = 200
STATES = ("closed", "half_open", "open")


class BreakerEvent(models.Model):
    """One change of a breaker's state. Written once, never changed; `prune` deletes old ones."""

    provider = models.CharField(max_length=32)
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16)
    reason = models.CharField(max_length=400)
    correlation_id = models.CharField(
        "correlation ID",
        max_length=correlation.MAX_LENGTH,
        blank=True,
        db_index=True,
        help_text="Of the request that caused it; in the logs, too.",
    )
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_state__in=STATES, to_state__in=STATES),
                name="breaker_event_states",
            )
        ]
        indexes = [models.Index(fields=("provider", "-at"), name="breaker_event_latest")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.from_state} to {self.to_state}"


class BreakerControl(models.Model):
    """Operator override of one breaker. The running workers read it many times a second."""

    class Forced(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    provider = models.CharField(max_length=32, unique=True)
    forced = models.CharField(max_length=8, choices=Forced, null=True, blank=True)  # noqa: DJ001 - null: nothing is forced
    until = models.DateTimeField(
        null=True, blank=True, help_text="When the force ends by itself; empty: never."
    )
    number = models.PositiveBigIntegerField(
        default=0, help_text="Of the order; a breaker obeys each number once, and no lower one."
    )
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Empty: from the command line.",
    )
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("provider",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(forced__isnull=True) | models.Q(forced__in=("open", "closed")),
                name="breaker_control_forced",
            )
        ]

    def __str__(self) -> str:
        return self.provider

    def override(self, now: datetime) -> OperatorOverride:
        seconds = (self.until - now).total_seconds() if self.until else None
        forced = cast(Forced, self.forced or None)
        return OperatorOverride(self.number, forced, seconds, self.reason)
