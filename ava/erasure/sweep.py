"""Sweep of an erasure: every text of any table that holds the person's number or address."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from ava.erasure import steps
from ava.erasure.person import Person
from ava.erasure.steps import Step
from ava.sealing.fields import SealedField

_TEXTS = (models.CharField, models.TextField, models.JSONField)


def steps_of(person: Person) -> Iterator[Step]:
    for model in apps.get_models():
        columns = [column for column in model._meta.local_fields if _is_text(column)]
        keys = [row.pk for row in _found(model, columns, person)] if columns else []
        if keys:
            names = [column.name for column in columns]
            yield Step(model, keys, names, partial(_clean, names=names, person=person))


def _is_text(column: Any) -> bool:
    label = f"{column.model._meta.label}.{column.name}"
    is_text = isinstance(column, _TEXTS) and not isinstance(column, SealedField)
    return is_text and not column.primary_key and not column.choices and label not in steps.kept


def _found(model: type[models.Model], columns: list[Any], person: Person) -> Iterator[Any]:
    """Rows that hold it, looked for by the database and then exactly."""
    wanted, casts = Q(), {}
    for column in columns:
        if isinstance(column, models.JSONField):
            casts[f"_{column.name}"] = Cast(column.name, models.TextField())
            escaped = json.dumps(person.needle)[1:-1]
            wanted |= Q(**{f"_{column.name}__icontains": escaped})
            wanted |= Q(**{f"_{column.name}__icontains": person.needle})
        else:
            wanted |= Q(**{f"{column.name}__icontains": person.needle})
    rows = model._base_manager.alias(**casts).filter(wanted).order_by("pk")
    for row in rows.iterator(chunk_size=500):
        if any(person.is_in(getattr(row, column.name)) for column in columns):
            yield row


def _clean(row: Any, *, names: list[str], person: Person) -> None:
    for name in names:
        value = person.without(getattr(row, name))
        longest = row._meta.get_field(name).max_length
        setattr(row, name, value[:longest] if isinstance(value, str) and longest else value)
