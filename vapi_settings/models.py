"""Revisions of settings, leases of editors, and the generation of a user's copies."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

ASSISTANT_ID_LENGTH = 64

LEASE: Final = timedelta(seconds=15)
"""Time after which the lease of an editor that died is free."""

LEASE_STEP: Final = timedelta(seconds=11)
"""Time for one step of an edit, its request to Vapi included: with less than that left the lease is
renewed first."""


class Revision(models.Model):
    """One value of one setting replaced by another, as one owner sees it.

    `before` and `after` are canonical JSON texts; NULL means that the assistant held no value,
    which is something else than JSON's null. Texts, because Vapi may hold what not every
    database can store as JSON: half surrogates, U+0000, long numbers.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "being made, or its maker died"
        UNKNOWN = "unknown", "the answer was lost: AVA will find out"
        CONFIRMED = "confirmed", "read back"
        FAILED = "failed", "refused, or never sent"
        LOST = "lost", "its answer was lost, and it was not there when AVA looked"
        SUPERSEDED = "superseded", "something else was there when AVA looked"

    class Source(models.TextChoices):
        API = "api"
        ADMIN = "admin"
        CONSOLE = "console"
        REVERT = "revert"
        FOUND = "found", "found when AVA first looked"
        VAPI = "vapi", "changed outside AVA"

    UNSETTLED = (Status.PENDING, Status.UNKNOWN)
    NEVER_MADE = (Status.FAILED, Status.LOST)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="revisions"
    )
    assistant_id = models.CharField(max_length=ASSISTANT_ID_LENGTH)
    key = models.CharField(max_length=64)
    number = models.PositiveIntegerField(help_text="Counts the revisions of one setting from 1.")
    before = models.TextField(null=True)  # noqa: DJ001 - NULL: no value; "" is no JSON
    after = models.TextField(null=True)  # noqa: DJ001 - as above
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=8, choices=Source.choices)
    status = models.CharField(max_length=10, choices=Status.choices)
    correlation_id = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["owner", "assistant_id", "key", "number"], name="revisions_are_numbered"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="revisions_count_from_1"),
            models.CheckConstraint(
                condition=Q(
                    status__in=["pending", "unknown", "confirmed", "failed", "lost", "superseded"]
                ),
                name="revision_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["api", "admin", "console", "revert", "found", "vapi"]),
                name="revision_source_is_known",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["owner", "assistant_id"],
                condition=Q(status__in=["pending", "unknown"]),
                name="unsettled_revisions",
            ),
            models.Index(fields=["correlation_id"], name="revisions_by_correlation_id"),
            models.Index(
                fields=["assistant_id", "owner"],
                condition=Q(number=1),
                name="owners_of_an_assistant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} #{self.number}"


class AssistantLease(models.Model):
    """Lease of the one editor of an assistant, across processes and owners, kill -9 included.

    Several owners may share one Vapi organisation, so there is one row for an assistant. The
    lease of a process that died ends with the time.
    """

    assistant_id = models.CharField(max_length=ASSISTANT_ID_LENGTH, primary_key=True)
    holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    edition = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="One more with each edit that begins."
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(holder__isnull=True, lease_until__isnull=True)
                | Q(holder__isnull=False, lease_until__isnull=False),
                name="a_lease_has_a_holder_and_an_end",
            )
        ]

    def __str__(self) -> str:
        return self.assistant_id

    @classmethod
    def acquire(cls, assistant_id: str, now: datetime) -> Self | None:
        """The lease for a new holder; None while another one has it."""
        row = cls.objects.filter(pk=assistant_id)
        free = row.filter(Q(lease_until=None) | Q(lease_until__lte=now))
        lease = cls(assistant_id, holder=uuid4(), lease_until=now + LEASE)
        taken = {"holder": lease.holder, "lease_until": lease.lease_until}
        if free.update(**taken, edition=F("edition") + 1):
            return lease
        if row.exists():
            return None
        # The first change ever of this assistant. Of two that come here one inserts.
        cls.objects.bulk_create([cls(assistant_id)], ignore_conflicts=True)
        return lease if free.update(**taken, edition=F("edition") + 1) else None

    def is_live(self, now: datetime) -> bool:
        """Whether an edit is under way."""
        return self.lease_until is not None and self.lease_until > now

    def renew(self, now: datetime) -> bool:
        """Begin the next step. False when the lease ran out, and another editor may have it."""
        if self.lease_until and self.lease_until - now >= LEASE_STEP:
            return True
        until = now + LEASE
        if not self._held().filter(lease_until__gt=now).update(lease_until=until):
            return False
        self.lease_until = until
        return True

    def release(self) -> None:
        """Release the lease; only once, and only if it is still held."""
        if self.holder:
            self._held().update(holder=None, lease_until=None)
            self.holder = None

    def _held(self) -> models.QuerySet["AssistantLease"]:
        return AssistantLease.objects.filter(pk=self.pk, holder=self.holder)


def token() -> str:
    """A generation that never was: it does not come back when a row or a database does."""
    return uuid4().hex[:16]


class AccountGeneration(models.Model):
    """Generation of the copies of a user's Vapi (docs/adr/0011): new where copies may be wrong;
    with a new `epoch` where not even an outage excuses an old one, as the key was replaced or
    refused."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    epoch = models.CharField(max_length=16, default=token)
    generation = models.CharField(max_length=16, default=token)

    def __str__(self) -> str:
        return self.generation


class BookingTool(models.Model):
    """Settings by which a user's assistants book appointments in the middle of a call."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="booking_tool",
    )
    calendar = models.CharField(max_length=16, default="google", help_text="google or microsoft.")
    title = models.CharField(max_length=120, default="Appointment", help_text="Of the events.")
    duration = models.PositiveIntegerField(default=30, help_text="Of an appointment, in minutes.")
    working_hours = models.CharField(max_length=40, default="mon-fri 09:00-17:00")
    time_zone = models.CharField(max_length=64, default="UTC")
    days_ahead = models.PositiveIntegerField(default=14, help_text="How far ahead may be booked.")
    notice = models.PositiveIntegerField(
        default=60, help_text="Minutes from now to the first slot that may be booked."
    )
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(calendar__in=("google", "microsoft")), name="booking_tool_calendar"
            ),
            models.CheckConstraint(
                condition=Q(duration__gte=5, duration__lte=1440), name="booking_tool_duration"
            ),
        ]

    def __str__(self) -> str:
        return f"booking tool of {self.user}"
