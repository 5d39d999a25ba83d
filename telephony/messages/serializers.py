"""Messages and batches in JSON."""

from typing import Any

from rest_framework import serializers

from ava.http.fields import PhoneField
from telephony.messages.bulk import MOST
from telephony.messages.models import Batch, Message
from telephony.serializers import (
    CommunicationSerializer,
    DetailsField,
    FiltersSerializer,
    FromSerializer,
    SendAtField,
    word_field,
)
from telephony.twilio.twiml import is_speakable

MAX_BODY = 1600
MOST_FAULTS = 20


class BodyField(serializers.CharField):
    """The text of an SMS, as it is: white space matters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_BODY, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.strip():
            raise serializers.ValidationError("Write a text.")
        if not is_speakable(text):
            raise serializers.ValidationError("Control characters cannot be sent.")
        return text


class NewMessageSerializer(FromSerializer):
    to = PhoneField()
    from_number = PhoneField(required=False)
    body = BodyField()
    send_at = SendAtField(required=False, help_text="When to send it; left out: now.")


class MessageFiltersSerializer(FiltersSerializer):
    status = word_field(Message.machine.ranks)


class MediumSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="At Twilio. AVA does not fetch it.")
    content_type = serializers.CharField(help_text="As Twilio says; may be empty.")


class ListedMessageSerializer(CommunicationSerializer):
    """A message in a list: without the details of one that came in."""

    body = serializers.CharField()
    media = MediumSerializer(many=True, help_text="Of an MMS that came in.")
    batch = serializers.UUIDField(source="batch_id", allow_null=True)


class MessageSerializer(ListedMessageSerializer):
    """One message, whole."""

    details = DetailsField()


class BulkItemSerializer(serializers.Serializer[Any]):
    to = PhoneField()
    body = BodyField()


class ManyField(serializers.ListField):
    """A long list: one that is too long is not looked through, and the first faults are enough."""

    def run_child_validation(self, data: Any) -> list[Any]:
        self.run_validators(data)
        found: list[Any] = []
        faults: dict[str, Any] = {}
        for number, item in enumerate(data):
            try:
                found.append(self.child.run_validation(item))
            except serializers.ValidationError as fault:
                faults[str(number)] = fault.detail
            if len(faults) == MOST_FAULTS:
                break
        if faults:
            raise serializers.ValidationError(faults)
        return found


class NewBatchSerializer(FromSerializer):
    """`recipients` who all get `body`, or `messages` with a text each."""

    from_number = PhoneField(required=False)
    recipients = ManyField(child=PhoneField(), required=False, min_length=1, max_length=MOST)
    body = BodyField(required=False)
    messages = ManyField(child=BulkItemSerializer(), required=False, min_length=1, max_length=MOST)
    per_minute = serializers.IntegerField(
        default=60, min_value=1, max_value=600, help_text="How fast, for this sender."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        to_all = {"recipients", "body"} & attrs.keys()
        if ("messages" in attrs) == bool(to_all) or len(to_all) == 1:
            raise serializers.ValidationError("Give recipients and body, or messages.")
        if to_all:
            body = attrs.pop("body")
            items = [(to, body) for to in attrs.pop("recipients")]
        else:
            items = [(one["to"], one["body"]) for one in attrs.pop("messages")]
        # One person gets the same text once, however often they are in the list.
        attrs["items"] = list(dict.fromkeys(items))
        return attrs


class BatchSerializer(FromSerializer, serializers.ModelSerializer[Batch]):
    """A batch that `queries.count` has counted."""

    progress = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="Status to number of messages."
    )
    total = serializers.SerializerMethodField()

    class Meta:
        model = Batch
        fields = (
            "id", "from_number", "per_minute", "state", "error", "total", "progress",
            "correlation_id", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_total(self, batch: Batch) -> int:
        return sum(batch.progress.values())
