"""Steps of an erasure: some rows of one table, and what is changed in each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from ava.erasure.person import Person

BATCH = 200


@dataclass(frozen=True)
class Step:
    model: type[models.Model]
    keys: Sequence[Any]  # primary keys
    columns: Sequence[str]  # that may change
    redact: Callable[[Any], None]  # changes them in the row, in memory

    @property
    def table(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    def run(self) -> None:
        """A few rows in a transaction, so that others can write between them."""
        rows = self.model._base_manager
        for start in range(0, len(self.keys), BATCH):
            with transaction.atomic():
                some = rows.select_for_update().filter(pk__in=self.keys[start : start + BATCH])
                for row in some:
                    self.redact(row)
                    row.save(update_fields=self.columns)


Finder = Callable[[Person], Iterator[Step]]

finders: list[Finder] = []
holders: dict[str, Callable[[Person], int]] = {}
"""Counts of what each provider still holds of the person, by provider."""
kept: dict[str, str] = {}
"""Columns that are left as they are, as "app.Model.column", each with the reason."""
open_rows: dict[str, Callable[[Person], int]] = {}
"""Counts of what is still under way with the person, by plural noun."""


def register(finder: Finder) -> None:
    """Register an app's steps. Those of upper apps come first, and fill `Person.references`."""
    finders.insert(0, finder)
