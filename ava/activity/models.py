"""Activity of users: requests, attempts at providers, jobs and outcomes."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from ava.http import correlation

NEWEST = ["-at", "-id"]
SUMMARY_LENGTH = 300
KINDS = (
    ("request", "a request of the user's"),
    ("attempt", "an attempt at a provider, or why there was none"),
    ("breaker", "a circuit breaker that opened, tried or closed"),
    ("job", "background work"),
    ("webhook", "a provider's webhook"),
    ("call", "a call"),
    ("message", "a message"),
    ("mail", "an e-mail"),
    ("event", "a calendar event"),
    ("revision", "a change of a setting"),
)


class Activity(models.Model):
    """One thing that happened. Written once, never changed; old ones are pruned."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,  # written a moment later, when the user may be gone
        db_index=False,
        related_name="+",
    )
    correlation_id = models.CharField("correlation ID", max_length=correlation.MAX_LENGTH)
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=KINDS)
    summary = models.CharField(max_length=SUMMARY_LENGTH)
    status = models.CharField(max_length=60, blank=True)
    failed = models.BooleanField()
    duration_ms = models.FloatField(null=True, blank=True)
    link = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = NEWEST
        verbose_name_plural = "activity"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["correlation_id", "owner"], name="activity_by_correlation_id"),
            models.Index(fields=NEWEST, name="activity_newest"),
            models.Index(fields=["owner", *NEWEST], name="activity_by_time"),
            models.Index(fields=["owner", "kind", *NEWEST], name="activity_by_kind"),
            models.Index(
                fields=["owner", *NEWEST], condition=Q(failed=True), name="activity_failed"
            ),
            models.Index(
                fields=["owner", "kind", *NEWEST],
                condition=Q(failed=True),
                name="activity_failed_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.summary
