"""Webhooks about a person: raw bodies, which hold what was said and written."""

import json
import re
from collections.abc import Iterator

from ava.erasure.person import Person
from ava.erasure.steps import Step
from ava.inbound.models import Delivery

_ID = re.compile(r"[A-Za-z0-9-]{32,}")


def steps(person: Person) -> Iterator[Step]:
    keys = []
    for row in Delivery.objects.order_by("pk").iterator(chunk_size=200):
        body = json.dumps(row.payload, ensure_ascii=False)
        named = {row.correlation_id, *_ID.findall(body)} & person.references
        if named or person.is_in(body):
            keys.append(row.pk)
    yield Step(Delivery, keys, ("payload", "error"), _redact)


def _redact(row: Delivery) -> None:
    row.payload, row.error = {}, ""
