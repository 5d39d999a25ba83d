"""Rotation of keys: everything is sealed anew under the primary key, while AVA runs.

Each row is replaced on its own, and only if it still holds the text that was read: a row changed
meanwhile is read again, a run that was killed is simply started again.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Left

from ava.sealing.errors import Unsealable
from ava.sealing.fields import Sealed, SealedField
from ava.sealing.keys import head, key_ring

# A row changed this often while it is sealed anew is somebody writing in a loop.
_TRIES = 5


@dataclass
class Rotation:
    """What a run did.

    Args:
        resealed: rows sealed anew (in a dry run: that would be).
        unreadable: rows that do not open, as "integrations.credential <id>: why".
        left: key id -> rows it still seals after the run; None stands for damaged text.
    """

    resealed: int = 0
    unreadable: list[str] = field(default_factory=list)
    left: Counter[str | None] = field(default_factory=Counter)


def sealed_fields() -> Iterator[SealedField]:
    """Every sealed column of the installed apps."""
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
    *, batch: int, dry_run: bool = False, progress: Callable[[Rotation], None] | None = None
) -> Rotation:
    """Seal every row under the primary key of the ring that is not yet.

    Args:
        batch: rows read at once.
        dry_run: open every row, write none.
        progress: called after each batch.

    Raises:
        KeyRingInvalid: AVA_KEYS cannot be read.
    """
    done = Rotation()
    for column in sealed_fields():
        for rows in _batches(column, batch):
            for row in rows:
                _reseal(column, row, done, dry_run)
            if progress:
                progress(done)
    for column in sealed_fields():
        texts = sealed_otherwise(column, key_ring().primary).values_list(column.name, flat=True)
        done.left.update(text.key_id for text in texts.iterator(chunk_size=batch))
    return done


def _batches(column: SealedField, size: int) -> "Iterator[list[Any]]":
    # Rows that stay behind (unreadable, dry run) are passed by their primary key.
    last: uuid.UUID | int | str | None = None
    while True:
        rows = sealed_otherwise(column, key_ring().primary).only("pk", column.owner, column.name)
        batch = list((rows if last is None else rows.filter(pk__gt=last))[:size])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _reseal(column: SealedField, row: Any, done: Rotation, dry_run: bool) -> None:
    for _ in range(_TRIES):
        before: Sealed | None = getattr(row, column.attname)
        if before is None or before.key_id == key_ring().primary:
            return
        try:
            after = before.resealed()
        except Unsealable as fault:
            done.unreadable.append(f"{row._meta.label_lower} {row.pk}: {fault.detail}")
            return
        rows = column.model._base_manager
        if dry_run or rows.filter(pk=row.pk, **{column.name: before}).update(
            **{column.name: after}
        ):
            done.resealed += 1
            return
        row = rows.only("pk", column.owner, column.name).filter(pk=row.pk).first()
        if row is None:
            return
