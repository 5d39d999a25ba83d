"""Jobs: one row each, from the demand to the end."""

import uuid

from django.db import models
from django.db.models import Q

from ava import tenant
from ava.http import correlation

ERROR_LENGTH = 300


class Job(models.Model):
    """One job. The process that holds the lease runs it; only `ava.jobs` changes the row."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        DONE = "done", "done"
        DEAD = "dead", "given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    key = models.CharField(  # noqa: DJ001 - null: any number of such jobs may wait at once
        max_length=200, null=True, blank=True, help_text="Of one kind and key only one job waits."
    )
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    due_at = models.DateTimeField()
    urgent = models.BooleanField(default=False, db_default=False)
    tenant = models.CharField(  # noqa: DJ001 - null: AVA's own
        max_length=tenant.MAX_LENGTH, null=True, blank=True, help_text="The user it is done for."
    )
    asked = models.PositiveIntegerField(default=1, help_text="How often it was asked for.")
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row.")
    lease_expiries = models.PositiveIntegerField(
        default=0, db_column="takeovers", help_text="How often its process ended in the middle."
    )
    holder = models.UUIDField(null=True, blank=True, help_text="Of the run under way.")
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then no other process runs it."
    )
    sent_until = models.DateTimeField(
        null=True, blank=True, help_text="Celery has it; sent once more if nothing comes of it."
    )
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    correlation_id = models.CharField(
        "correlation ID", max_length=correlation.MAX_LENGTH, blank=True, db_index=True
    )
    traceparent = models.CharField(
        max_length=55, blank=True, default="", db_default="", help_text="The span that asked first."
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True, db_index=True)

    outcome = ""  # of the run that has just ended; no column

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "key"),
                condition=Q(state="queued", key__isnull=False),
                name="job_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", finished_at__isnull=True)
                | Q(state__in=("done", "dead"), finished_at__isnull=False, holder__isnull=True),
                name="job_finished_when_not_queued",
            ),
        ]
        indexes = [
            models.Index(fields=("-created_at", "-id"), name="job_newest"),
            models.Index(fields=("key",), name="job_by_key"),
            models.Index(
                fields=("urgent", "due_at"), condition=Q(state="queued"), name="job_due_by_urgency"
            ),
            models.Index(
                fields=("urgent", "tenant", "due_at"),
                condition=Q(state="queued"),
                name="job_due_by_tenant",
            ),
            models.Index(
                fields=("sent_until",),
                condition=Q(state="queued", sent_until__isnull=False),
                name="job_at_celery",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key or self.id}"
