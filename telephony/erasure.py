"""Erasure of a person from calls and messages."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Q

from ava.erasure.person import Person
from ava.erasure.steps import Step
from ava.intents.models import Intent
from telephony.calls.models import Call, CallEntry
from telephony.messages.models import Message, MessageEntry
from telephony.queries import unfinished

CALL = ("twiml", "summary", "transcript", "recording_url", "error", "details")
MESSAGE = ("body", "media", "error", "details")


def steps(person: Person) -> Iterator[Step]:
    for model, entry, content in ((Call, CallEntry, CALL), (Message, MessageEntry, MESSAGE)):
        rows = [*_with(model, person)]
        for row in rows:
            ids = (row.pk, row.correlation_id, row.provider_sid, getattr(row, "vapi_call_id", None))
            person.references |= {str(one) for one in ids if one}
        keys = [row.pk for row in rows]
        columns = ("to", "from_number", *content)
        yield Step(model, keys, columns, partial(_redact, content=content, person=person))
        # What a timeline says may quote the provider.
        entries: Any = entry._base_manager
        of_rows = [
            pk
            for start in range(0, len(keys), 500)
            for pk in entries.filter(intent__in=keys[start : start + 500])
            .exclude(detail="")
            .values_list("pk", flat=True)
        ]
        yield Step(entry, of_rows, ("detail",), lambda row: setattr(row, "detail", ""))


def under_way(person: Person) -> int:
    """Calls and messages that have not ended."""
    return sum(
        1
        for model in (Call, Message)
        for row in unfinished(model).filter(_touches(person))
        if _is_of(row, person) and row.status not in row.machine.resting
    )


def at_twilio(person: Person) -> int:
    return sum(bool(row.provider_sid) for model in (Call, Message) for row in _with(model, person))


def at_vapi(person: Person) -> int:
    return sum(bool(row.vapi_call_id) for row in _with(Call, person))


def _touches(person: Person) -> Q:
    return Q(to__icontains=person.needle) | Q(from_number__icontains=person.needle)


def _is_of(row: Any, person: Person) -> bool:
    return person.is_in(row.to) or person.is_in(row.from_number)


def _with(model: type[Intent], person: Person) -> Iterator[Any]:
    rows = model._base_manager.filter(_touches(person))
    return (row for row in rows.iterator(chunk_size=500) if _is_of(row, person))


def _redact(row: Any, *, content: tuple[str, ...], person: Person) -> None:
    row.to, row.from_number = person.without(row.to), person.without(row.from_number)
    for name in content:
        setattr(row, name, type(getattr(row, name))())  # empty, of its kind
