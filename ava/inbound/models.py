"""Webhooks: deliveries, refusals, and their daily volume."""

import uuid

from django.conf import settings
from django.db import models

from ava.http import correlation

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
            # One account's deliveries never meet another's, whatever IDs they carry.
            models.UniqueConstraint(
                fields=("provider", "kind", "delivery_id", "owner"), name="delivery_stored_once"
            ),
            models.UniqueConstraint(
                fields=("provider", "kind", "delivery_id"),
                condition=models.Q(owner=None),
                name="delivery_of_nobody_stored_once",
            ),
        ]
        indexes = [models.Index(fields=("delivery_id",), name="delivery_by_id")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.event}".strip()


class Refusal(models.Model):
    """A webhook whose signature was not right; the last few of each account are kept."""

    at = models.DateTimeField()
    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
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


class Volume(models.Model):
    """Disk space that the deliveries of one account took on one day; it is limited."""

    day = models.DateField()
    provider = models.CharField(max_length=32)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    deliveries = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField("bytes", default=0)

    class Meta:
        ordering = ("-day", "-size")
        verbose_name = "webhooks of an account"
        verbose_name_plural = "webhooks by account"
        constraints = [
            models.UniqueConstraint(
                fields=("day", "provider", "owner"), name="volume_of_an_account_and_day"
            ),
            models.UniqueConstraint(
                fields=("day", "provider"),
                condition=models.Q(owner=None),
                name="volume_of_nobody_and_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} webhooks of {self.owner or 'the operator'}, {self.day}"
