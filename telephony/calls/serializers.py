"""Calls in JSON."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework import serializers

from ava.http.fields import PastedField, PhoneField
from ava.intents.serializers import word_field
from telephony.addresses import CallerField
from telephony.calls.models import Call
from telephony.serializers import (
    CommunicationSerializer,
    DetailsField,
    FiltersSerializer,
    FromSerializer,
    SendAtField,
)
from telephony.twilio import twiml


class NewCallSerializer(FromSerializer):
    """`say`, `twiml` or `assistant_id`: one of them says what happens on the call."""

    to = PhoneField()
    from_number = CallerField()
    say = serializers.CharField(
        required=False, min_length=1, max_length=1000, help_text="A text to read aloud."
    )
    twiml = serializers.CharField(
        required=False, max_length=twiml.MAX_LENGTH, help_text="TwiML for Twilio to run."
    )
    assistant_id = PastedField(
        required=False, max_length=64, help_text="The Vapi assistant that talks."
    )
    send_at = SendAtField(required=False, help_text="When to call; left out: now.")

    def validate_say(self, text: str) -> str:
        if not twiml.is_speakable(text):
            raise serializers.ValidationError("Control characters cannot be spoken.")
        if len(twiml.say(text)) > twiml.MAX_LENGTH:
            raise serializers.ValidationError("Too many characters that XML has to escape.")
        return text

    def validate_twiml(self, text: str) -> str:
        try:
            return twiml.check(text, own_hosts=_own_hosts())
        except ValueError as fault:
            raise serializers.ValidationError(str(fault)) from None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [kind for kind in ("say", "twiml", "assistant_id") if kind in attrs]
        if len(given) != 1:
            raise serializers.ValidationError("Give one of say, twiml and assistant_id.")
        kind = given[0]
        attrs["content"] = attrs.pop(kind)
        attrs["kind"] = Call.Kind.ASSISTANT if kind == "assistant_id" else kind
        return attrs


def _own_hosts() -> set[str]:
    """The hosts that AVA answers to."""
    return {*settings.ALLOWED_HOSTS, urlsplit(settings.PUBLIC_URL or "").hostname or "localhost"}


class CallFiltersSerializer(FiltersSerializer):
    status = word_field(Call.machine.ranks)
    assistant_id = PastedField(
        required=False, max_length=64, help_text="The Vapi assistant that talks."
    )


class ListedCallSerializer(CommunicationSerializer):
    """A call in a list: without its transcript, which may be as long as a book."""

    kind = serializers.ChoiceField(choices=Call.Kind.choices)
    provider = serializers.ChoiceField(choices=Call.Provider.choices)
    assistant_id = serializers.CharField(help_text="Empty where no assistant talks.")
    vapi_call_id = serializers.CharField(allow_null=True)
    duration = serializers.IntegerField(allow_null=True, help_text="Seconds.")
    ended_reason = serializers.CharField(help_text="Vapi's; empty without an assistant.")
    summary = serializers.CharField()
    recording_url = serializers.CharField()


class CallSerializer(ListedCallSerializer):
    """One call, whole."""

    transcript = serializers.CharField()
    details = DetailsField()
