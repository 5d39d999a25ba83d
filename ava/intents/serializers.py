"""JSON of rows and of their timelines, and filters by a word."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from rest_framework import serializers

from ava.intents.models import Entry

_AS_IT_IS: Final = (serializers.CharField, serializers.IntegerField, serializers.ChoiceField)


class RowSerializer(serializers.Serializer[Any]):
    """Serializer of rows, most of whose values are JSON as they are: asking DRF's fields for each
    of them took a third of a list's time."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: read(instance) for name, read in self._readers}

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(name, _reader(field)) for name, field in self.fields.items()]


def _reader(field: Any) -> Callable[[Any], Any]:
    get: Callable[[Any], Any] = attrgetter(field.source)
    if type(field) in _AS_IT_IS:
        return get
    if type(field) is serializers.DateTimeField:
        return lambda row: _moment(get(row))

    def read(row: Any) -> Any:
        value = field.get_attribute(row)
        return None if value is None else field.to_representation(value)

    return read


def _moment(value: datetime | None) -> str | None:
    # Of the database, in UTC; or given by a person, who may have written another offset.
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


class EntrySerializer(RowSerializer):
    at = serializers.DateTimeField()
    status = serializers.CharField()
    source = serializers.ChoiceField(Entry.Source.choices)  # type: ignore[assignment]  # Field's, too
    detail = serializers.CharField(help_text="For people; may be empty.")
    correlation_id = serializers.CharField()


def word_field(words: Iterable[str]) -> serializers.ChoiceField:
    """Filter by a word; any other is refused with the words that there are."""
    known = list(words)
    sentence = f"Choose one of {', '.join(known)}."
    return serializers.ChoiceField(
        choices=known, required=False, error_messages={"invalid_choice": sentence}
    )
