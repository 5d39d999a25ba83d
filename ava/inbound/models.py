"""What providers sent, and what was sent away."""

import uuid

from django.conf import settings
from django.db import models

from ava import correlation

ID_LENGTH = 128
ERROR_LENGTH = 300


class Delivery(models.Model):
    """One webhook, stored before it was acknowledged. Repetitions of it leave no second row."""

    class State(models.TextChoices):
        STORED = "stored", "stored"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    delivery_id = models.CharField("delivery ID", max_length=ID_LENGTH)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    event = models.CharField(max_length=64, blank=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(db_index=True)
    correlation_id = models.CharField(
        "correlation ID", max_length=correlation.MAX_LENGTH, blank=True, db_index=True
    )
    state = models.CharField(max_length=8, choices=State, default=State.STORED)
    error = models.CharField(max_length=ERROR_LENGTH, blank=True)

    class Meta:
        ordering = ("-received_at",)
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=("provider", "kind", "delivery_id"), name="delivery_stored_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.event}".strip()


class Refusal(models.Model):
    """A webhook whose signature was not right, and how AVA looked at it. The last few are kept."""

    at = models.DateTimeField()
    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    reason = models.CharField(max_length=ERROR_LENGTH)
    urls = models.JSONField("addresses tried", default=list)
    seen = models.JSONField("compared with", default=dict)
    told = models.JSONField("told by the request", default=dict)
    correlation_id = models.CharField(
        "correlation ID", max_length=correlation.MAX_LENGTH, blank=True, db_index=True
    )

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}: {self.reason}"
