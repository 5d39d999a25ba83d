"""Calendar connections of users, the sign-ins under way, and the events that AVA creates."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ava.http import correlation
from ava.intents.models import NEWEST, Entry, Intent
from ava.sealing.fields import SealedField
from integrations.calendar.events.states import EVENT, HOLDING
from integrations.calendar.metrics import EVENTS
from integrations.calendar.providers import NAMES

PROVIDERS = list(NAMES.items())


class Connection(models.Model):
    """One user's access to their calendar at one provider.

    `version` is new with each access token: who waits for one, or was refused with one, compares
    it. The process that holds the lease asks the provider for the next.
    """

    class State(models.TextChoices):
        CONNECTED = "connected"
        RECONNECT = "reconnect", "must be connected again"

    # Made in Python: the tokens are sealed for this row before it is inserted.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="calendar_connections",
    )
    provider = models.CharField(max_length=16, choices=PROVIDERS)
    account = models.CharField(
        max_length=254, blank=True, help_text="Address of the account at the provider."
    )
    scopes = models.JSONField(default=list, blank=True, help_text="What the user allowed.")
    state = models.CharField(max_length=9, choices=State, default=State.CONNECTED)
    tokens = SealedField(owner="user")
    expires_at = models.DateTimeField(default=timezone.now, help_text="Of the access token.")
    version = models.UUIDField(default=uuid.uuid4, editable=False)
    lease = models.UUIDField(null=True, blank=True, help_text="Of the refresh under way.")
    lease_until = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(default=timezone.now)
    refreshed_at = models.DateTimeField(default=timezone.now)
    correlation_id = models.CharField(
        "correlation ID", max_length=correlation.MAX_LENGTH, blank=True, db_index=True
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["user", "provider"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "provider"], name="one_connection_per_user_and_provider"
            ),
            models.CheckConstraint(
                condition=Q(provider__in=tuple(NAMES)), name="connection_provider"
            ),
        ]

    def __str__(self) -> str:
        return f"{NAMES[self.provider]} of {self.user}"


class AuthorizationRequest(models.Model):
    """A sign-in at a provider, from `connect` to its callback, which uses it up.

    `state` and `browser` are digests: of the value that the provider hands back, and of the cookie
    of the browser that opened the link.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=16, choices=PROVIDERS)
    state = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=64, blank=True)
    verifier = SealedField(owner="user")
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["state"], condition=~Q(state=""), name="one_authorization_per_state"
            )
        ]

    def __str__(self) -> str:
        return f"{NAMES[self.provider]} of {self.user}"


class CalendarEvent(Intent):
    """An event, wanted through AVA. Its `id` is the key under which the provider creates it once.

    An `exclusive` one, such as a booking, is created only where no other of AVA's takes its time.
    """

    machine = EVENT
    job = "integrations.calendar_event"
    word = activity_kind = "event"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="calendar_events",
    )
    provider = models.CharField(max_length=16, choices=PROVIDERS)
    reference = models.TextField(blank=True, help_text="The provider's ID.")
    html_link = models.TextField(blank=True)
    account = models.CharField(
        max_length=254, blank=True, db_default="", help_text="Whose calendar it goes to."
    )
    title = models.CharField(max_length=250)
    start = models.CharField(max_length=40, help_text="In UTC; a date of an all-day event.")
    end = models.CharField(max_length=40)
    time_zone = models.CharField(max_length=64)
    location = models.CharField(max_length=250, blank=True)
    description = models.TextField(blank=True)
    attendees = models.JSONField(default=list, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    exclusive = models.BooleanField(default=False)

    @property
    def api_path(self) -> str:  # type: ignore[override]  # of its calendar
        return f"integrations/calendar/{self.provider}/events"

    class Meta(Intent.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(status__in=sorted(EVENT.ranks)), name="calendar_event_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(provider__in=tuple(NAMES)), name="calendar_event_provider"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__lt=models.F("ends_at")), name="calendar_event_ends_later"
            ),
            models.UniqueConstraint(
                fields=["owner", "provider", "starts_at"],
                condition=Q(exclusive=True, status__in=HOLDING),
                name="one_booking_of_a_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", *NEWEST], name="calendar_events_of_owner"),
            models.Index(fields=["owner", "provider", "ends_at"], name="calendar_events_by_end"),
            models.Index(fields=["correlation_id", "owner"], name="calendar_events_by_corr"),
            models.Index(fields=NEWEST, name="calendar_events_by_time"),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["pending", "unknown"]),
                name="calendar_events_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"

    def status_changed(self) -> None:
        EVENTS.labels(self.provider, self.status).inc()

    @property
    def shown_id(self) -> str:
        """The provider's ID, or AVA's until that is known."""
        return self.reference or str(self.pk)

    @property
    def all_day(self) -> bool:
        return "T" not in self.start


class CalendarEventEntry(Entry):
    """One thing that happened to an event."""

    intent = models.ForeignKey(CalendarEvent, on_delete=models.CASCADE, related_name="timeline")

    class Meta(Entry.Meta):
        verbose_name_plural = "calendar event entries"


class CalendarFeed(models.Model):
    """A user's feed for calendar apps. Its secret opens it without a login; a digest is kept."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"feed of {self.user}"
