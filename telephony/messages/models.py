"""Messages, and batches of them."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ava.http import correlation
from ava.intents.models import NEWEST, Entry
from telephony.intents.models import ADDRESS_LENGTH, Communication
from telephony.intents.states import MESSAGE


class Batches(models.Manager["Batch"]):
    """Manager of batches, which loads the list of the rejected, as it may be long, only when
    asked."""

    def get_queryset(self) -> models.QuerySet["Batch"]:
        return super().get_queryset().defer("rejected")


class Batch(models.Model):
    """One text, or several, to many people: one message after the other at a pace."""

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        CANCELED = "canceled"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="batches"
    )
    from_number = models.CharField("from", max_length=ADDRESS_LENGTH)
    per_minute = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    correlation_id = models.CharField(
        "correlation ID", max_length=correlation.MAX_LENGTH, blank=True, db_index=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when AVA has paused it, which looks again by itself.",
    )
    error = models.CharField(
        max_length=400, blank=True, help_text="Why it does not go on now; else empty."
    )
    rejected = models.JSONField(
        default=list,
        blank=True,
        db_default=[],
        help_text="Recipients that it leaves out: index, to, code and detail of each.",
    )
    idempotency = models.UUIDField(null=True, blank=True, unique=True)

    objects = Batches()

    progress: dict[str, int]
    """The number of its messages in each status; see `queries.count`."""

    class Meta:
        ordering: ClassVar[list[str]] = NEWEST
        verbose_name_plural = "batches"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "paused", "canceled", "done"]),
                name="batch_state_is_known",
            ),
            models.CheckConstraint(condition=Q(per_minute__gte=1), name="batch_moves"),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True) | Q(state="paused"), name="batch_held_is_paused"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", *NEWEST], name="batches_of_owner_by_time"),
            models.Index(fields=NEWEST, name="batches_by_time"),
        ]

    def __str__(self) -> str:
        return f"batch from {self.from_number}"


class Person(models.Func):
    """The address of whom a message is with. It has no parameters: SQLite finds the expression of
    an index where it is written in the same way."""

    output_field = models.CharField()

    def __init__(self) -> None:
        super().__init__("direction", "from_number", "to")

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> tuple[str, tuple[()]]:
        direction, sender, to = (compiler.compile(each)[0] for each in self.source_expressions)
        return f"CASE {direction} WHEN 'inbound' THEN {sender} ELSE {to} END", ()


class Message(Communication):
    """An SMS."""

    machine = MESSAGE
    job = "telephony.message"
    word = activity_kind = "message"
    api_path = "twilio/messages"
    searched = (*Communication.searched, "body")
    can_be_stopped = False

    body = models.TextField(blank=True)
    media = models.JSONField(
        default=list,
        blank=True,
        db_default=[],
        help_text="Of an MMS that came in: url and content_type of each. AVA fetches none.",
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.CASCADE, null=True, blank=True, related_name="messages"
    )
    place = models.PositiveIntegerField(default=0, help_text="In its batch, from 0.")

    class Meta(Communication.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Communication.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=sorted(MESSAGE.ranks)), name="message_status_is_known"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            *Communication.Meta.indexes,
            models.Index(
                fields=["batch", "status", "place"],
                condition=Q(batch__isnull=False),
                name="messages_of_batch",
            ),
            models.Index(
                models.F("owner"),
                Person(),
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="messages_by_person",
            ),
        ]

    @property
    def wording(self) -> str:
        return self.body.strip()


class MessageEntry(Entry):
    """One thing that happened to a message."""

    intent = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="timeline")

    class Meta(Entry.Meta):
        verbose_name_plural = "message entries"


class Pace(models.Model):
    """The next turn of a user's batches to send from a number. Per owner: what one tenant sends
    never delays another, even where both use the operator's number."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    account_sid = models.CharField(max_length=34, blank=True, db_default="")
    number = models.CharField(max_length=ADDRESS_LENGTH)
    free_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["owner", "number"], name="one_pace_of_an_owner")
        ]

    def __str__(self) -> str:
        return self.number
