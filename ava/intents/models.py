"""Columns of every intent, and the entries of its timeline."""

import uuid
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from ava.http import correlation
from ava.intents.states import Machine

NEWEST = ["-created_at", "-id"]


class Intent(models.Model):
    """One thing that a provider is to do once. Stored before the provider is asked.

    The sender first claims the next `attempt`, so that no other sends the same one. The subclass
    has the foreign key `owner`, the indexes, which begin with it, and a table of entries with a
    foreign key `intent`, whose related name is `timeline`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=20)
    correlation_id = models.CharField(
        "correlation ID", max_length=correlation.MAX_LENGTH, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now, help_text="Of the last status.")
    attempt = models.PositiveIntegerField(default=0, help_text="Number of the last one.")
    attempted_at = models.DateTimeField(
        null=True, blank=True, help_text="Of the last attempt, unless it certainly never left."
    )
    error = models.CharField(max_length=400, blank=True)
    idempotency = models.UUIDField(
        null=True, blank=True, unique=True, help_text="The row of its Idempotency-Key."
    )

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = NEWEST

    owner_id: int | None
    machine: ClassVar[Machine]
    job: ClassVar[str]  # the kind of job that follows it
    word: ClassVar[str]  # a person's word for it
    FAILED: ClassVar[frozenset[str]] = frozenset(
        ("failed", "undelivered", "busy", "no-answer", "bounced", "complained", "suppressed")
    )
    activity_kind: ClassVar[str]
    api_path: ClassVar[str]  # of the list
    timeline: Any  # the entries, oldest first: each kind has a table of its own

    @cached_property
    def entries(self) -> list[Any]:
        """The timeline as it is shown."""
        return list(self.timeline.values_list(*Entry.SHOWN, named=True))

    @property
    def heading(self) -> str:
        """Short words for it in the activity, without a whole number or address."""
        return f"{self.word.capitalize()} {self.pk}"

    @property
    def link(self) -> str:
        """Its address in the API."""
        return f"/api/v1/{self.api_path}/{self.pk}"

    @property
    def is_final(self) -> bool:
        return self.status in self.machine.final

    def status_changed(self) -> None:
        """Update what follows the status, in the transaction that changes it."""


class Entry(models.Model):
    """One thing that happened to an intent. Written once, never changed."""

    class Source(models.TextChoices):
        API = "api", "asked for through AVA"
        CALLBACK = "callback", "told by the provider"
        FETCH = "fetch", "asked of the provider"
        RECONCILE = "reconcile", "found out by AVA"
        USER = "user", "done by a person"

    SHOWN = ("at", "status", "source", "detail", "correlation_id")

    at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=20)
    source = models.CharField(max_length=10, choices=Source.choices)
    detail = models.CharField(max_length=400, blank=True)
    correlation_id = models.CharField(max_length=correlation.MAX_LENGTH, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return self.status
