"""Rotation of keys: everything is sealed again under the primary key, while AVA runs."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Left

from ava.sealing.fields import Sealed, SealedField
from ava.sealing.keys import Unsealable, head, key_ring

# A row that changes this often while it is sealed again is written in a loop.
_TRIES = 5


@dataclass
class Rotation:
    """Result of a run."""

    resealed: int = 0  # rows sealed again (in a dry run: that would be)
    # Rows that do not open, as "integrations.credential <id>: why".
    unreadable: list[str] = field(default_factory=list)
    # Key ID -> rows it still seals after the run; None stands for damaged text.
    left: Counter[str | None] = field(default_factory=Counter)


def sealed_fields() -> Iterator[SealedField]:
    for model in apps.get_models():
        for column in model._meta.local_fields:
            if isinstance(column, SealedField):
                yield column


def sealed_otherwise(column: SealedField, *key_ids: str) -> "models.QuerySet[Any]":
    """Rows with a value that none of these keys sealed, in the order of their primary key."""
    rows = column.model._base_manager.exclude(**{f"{column.name}__isnull": True})
    for position, key_id in enumerate(key_ids):
        start = head(key_id)
        name = f"_head_{position}"
        rows = rows.alias(
            **{name: Left(column.name, len(start), output_field=models.CharField())}
        ).exclude(**{name: start})
    return rows.order_by("pk")


def rotate(
    *, batch: int, dry_run: bool = False, progress: Callable[[Rotation], None] = lambda done: None
) -> Rotation:
    """Seal again each row that the primary key did not; `progress` is called after each `batch`."""
    done = Rotation()
    for column in sealed_fields():
        keys = list(sealed_otherwise(column, key_ring().primary).values_list("pk", flat=True))
        for number, key in enumerate(keys, start=1):
            _reseal(column, key, done, dry_run)
            if number % batch == 0 or number == len(keys):
                progress(done)
    for column in sealed_fields():
        texts = sealed_otherwise(column, key_ring().primary).values_list(column.name, flat=True)
        done.left.update(text.key_id for text in texts.iterator(chunk_size=batch))
    return done


def _reseal(column: SealedField, key: Any, done: Rotation, dry_run: bool) -> None:
    rows = column.model._base_manager.filter(pk=key)
    for _ in range(_TRIES):
        row = rows.only("pk", column.owner, column.name).first()
        before: Sealed | None = getattr(row, column.attname, None)
        if before is None or before.key_id == key_ring().primary:
            return
        try:
            after = before.resealed()
        except Unsealable as fault:
            done.unreadable.append(f"{column.model._meta.label_lower} {key}: {fault.detail}")
            return
        if dry_run or rows.filter(**{column.name: before}).update(**{column.name: after}):
            done.resealed += 1
            return
