"""Messages and batches in JSON."""

from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ava.http.api import validation_problem
from ava.http.fields import PhoneField
from ava.inbound.limits import storable
from ava.intents.serializers import word_field
from telephony.addresses import PersonSearchField, SenderField
from telephony.messages.bulk import LONGEST_SHOWN, MOST, Item, Rejected, rejected
from telephony.messages.models import Batch, Message
from telephony.serializers import (
    CommunicationSerializer,
    DetailsField,
    FiltersSerializer,
    FromSerializer,
    SendAtField,
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
    from_number = SenderField()
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


@dataclass(frozen=True)
class Entry:
    """One of many: what it is, or what is wrong with it."""

    given: Any
    value: Any = None
    faults: Any = None


class ManyField(serializers.ListField):
    """A long list of entries, each looked at by itself; one that is too long is not looked at."""

    def run_child_validation(self, data: Any) -> list[Entry]:
        self.run_validators(data)
        return [self._entry(item) for item in data]

    def _entry(self, item: Any) -> Entry:
        try:
            return Entry(item, self.child.run_validation(item))
        except serializers.ValidationError as fault:
            return Entry(item, faults=fault.detail)


class NewBatchSerializer(FromSerializer):
    """`recipients` who all get `body`, or `messages` with a text each. Recipients that are wrong
    are left out, and named; it is refused where none is right."""

    from_number = SenderField()
    recipients = ManyField(child=PhoneField(), required=False, min_length=1, max_length=MOST)
    body = BodyField(required=False)
    messages = ManyField(child=BulkItemSerializer(), required=False, min_length=1, max_length=MOST)
    per_minute = serializers.IntegerField(
        default=60, min_value=1, max_value=600, help_text="How fast, for this sender."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Answer what would be sent, and to whom not. Nothing is."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        to_all = {"recipients", "body"} & attrs.keys()
        if ("messages" in attrs) == bool(to_all) or len(to_all) == 1:
            raise serializers.ValidationError("Give recipients and body, or messages.")
        name, body = ("recipients", attrs.pop("body")) if to_all else ("messages", "")
        entries: list[Entry] = attrs.pop(name)
        wrong = {place: one for place, one in enumerate(entries) if one.faults is not None}
        if len(wrong) == len(entries):
            first = islice(wrong.items(), MOST_FAULTS)
            raise serializers.ValidationError({name: {str(n): one.faults for n, one in first}})
        attrs["rejected"] = [_rejected(place, one) for place, one in wrong.items()]
        attrs["items"] = [
            Item(place, one.value, body)
            if to_all
            else Item(place, one.value["to"], one.value["body"])
            for place, one in enumerate(entries)
            if place not in wrong
        ]
        return attrs


def _rejected(index: int, entry: Entry) -> Rejected:
    to = entry.given.get("to") if isinstance(entry.given, dict) else entry.given
    problem = validation_problem(entry.faults)
    sentences = dict.fromkeys(chain.from_iterable((problem.errors or {}).values()))
    shown = storable(to)[:LONGEST_SHOWN] if isinstance(to, str) else ""
    return rejected(index, shown, problem.code, " ".join(sentences))


class ConversationFiltersSerializer(serializers.Serializer[Any]):
    search = PersonSearchField()


class RejectedSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the list, from 0.")
    to = serializers.CharField(help_text="As it was given.")
    code = serializers.CharField(help_text="validation_failed, recipient_opted_out and the like.")
    detail = serializers.CharField(help_text="Why, for people.")


class ListedBatchSerializer(FromSerializer, serializers.ModelSerializer[Batch]):
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


class BatchSerializer(ListedBatchSerializer):
    """A batch with the recipients that it leaves out."""

    rejected = RejectedSerializer(many=True, read_only=True)

    class Meta(ListedBatchSerializer.Meta):
        fields = (*ListedBatchSerializer.Meta.fields, "rejected")  # type: ignore[assignment]  # longer
        read_only_fields = fields  # type: ignore[assignment]  # longer


class DryRunSerializer(BatchSerializer):
    """A batch that is not to be."""

    id = serializers.SerializerMethodField(help_text="Null: there is none.")
    state = serializers.SerializerMethodField()

    @extend_schema_field({"type": "null"})
    def get_id(self, batch: Batch) -> None:
        return None

    @extend_schema_field({"type": "string", "const": "dry_run"})
    def get_state(self, batch: Batch) -> str:
        return "dry_run"
