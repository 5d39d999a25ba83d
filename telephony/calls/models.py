"""Calls, and what happened to each."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from ava.intents.models import NEWEST, Entry
from telephony.intents.models import SID_LENGTH, Communication
from telephony.intents.states import CALL


class Call(Communication):
    """A phone call. What is said on it is in `twiml`, or up to the assistant."""

    machine = CALL
    job = "telephony.call"
    word = activity_kind = "call"
    api_path = "twilio/calls"
    searched = (*Communication.searched, "vapi_call_id")

    class Kind(models.TextChoices):
        SAY = "say", "reads a text"
        TWIML = "twiml", "runs TwiML"
        ASSISTANT = "assistant", "an assistant talks"
        INCOMING = "incoming", "somebody called"

    class Provider(models.TextChoices):
        TWILIO = "twilio"
        VAPI = "vapi"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    provider = models.CharField(max_length=8, choices=Provider.choices, default=Provider.TWILIO)
    twiml = models.TextField(blank=True)
    assistant_id = models.CharField(max_length=64, blank=True)
    phone_number_id = models.CharField("number's ID at Vapi", max_length=64, blank=True)
    vapi_call_id = models.CharField(  # noqa: DJ001 - null: not known yet; unique where it is
        max_length=SID_LENGTH, null=True, blank=True
    )
    duration = models.PositiveIntegerField("duration in s", null=True, blank=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    transcript = models.TextField(blank=True)
    recording_url = models.CharField("recording", max_length=2000, blank=True)

    class Meta(Communication.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Communication.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=sorted(CALL.ranks)), name="call_status_is_known"
            ),
            models.UniqueConstraint(
                fields=["holder", "vapi_call_id"], name="call_vapi_call_id_of_holder"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            *Communication.Meta.indexes,
            models.Index(fields=["vapi_call_id"], name="calls_by_vapi_call_id"),
            models.Index(fields=["owner", "assistant_id", *NEWEST], name="calls_by_assistant"),
        ]

    @property
    def reference_field(self) -> str:  # type: ignore[override]  # a call has two providers
        return "vapi_call_id" if self.provider == self.Provider.VAPI else "provider_sid"


class CallEntry(Entry):
    """One thing that happened to a call."""

    intent = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="timeline")

    class Meta(Entry.Meta):
        verbose_name_plural = "call entries"
