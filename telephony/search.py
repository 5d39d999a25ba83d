"""Search in calls and messages, by the database's index of trigrams."""

import re
import unicodedata
from functools import reduce
from operator import or_
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from ava.http.keyset import MOST_COUNTED, Scan
from telephony.intents.models import Communication
from telephony.search_index import ROW_BITS, name_of, trigrams_of

Row = TypeVar("Row", bound=Communication)

SHORTEST: Final = 3
"""Characters that the index can find."""
_DENSE: Final = 8
"""Length up to which all trigrams of a text are sought; of a longer one each third is, and the rest
compared."""
_LONGEST: Final = 40


def among(rows: QuerySet[Row], text: str, *, owner: int) -> QuerySet[Row] | Scan:
    """The owner's rows with this text in one of the columns that are searched, in any case.

    A Scan where the text is too short for the index, or where it is in so many rows that a look
    through them finds some sooner.
    """
    model: type[Communication] = rows.model
    text = unicodedata.normalize("NFC", text)  # as nearly all text is stored
    lookup, sought = "icontains", text
    if connection.vendor == "sqlite" and not text.isascii():
        # Its LIKE knows the upper case of ASCII alone; this is Python's.
        lookup, sought = "iregex", re.escape(text)
    match = reduce(or_, (Q(**{f"{name}__{lookup}": sought}) for name in model.searched))
    if len(text) < SHORTEST:
        return Scan(rows, match)
    source, condition, parameters = _index(model, text[:_LONGEST], owner)
    with connection.cursor() as cursor:
        few = f"SELECT 1 FROM {source} LIMIT {MOST_COUNTED + 1}"  # noqa: S608 - names of tables
        cursor.execute(f"SELECT COUNT(*) FROM ({few}) AS found", parameters)  # noqa: S608 - as above
        [number] = cursor.fetchone()
    if number > MOST_COUNTED:
        return Scan(rows, match)
    return rows.filter(RawSQL(condition, parameters, output_field=BooleanField()), match)  # noqa: S611 - of column names and numbers


def _index(model: type[Communication], text: str, owner: int) -> tuple[str, str, list[Any]]:
    """Source to select the candidates from, a condition that only they meet, and the parameters of
    both. Candidates have all trigrams of the text."""
    name, table = name_of(model), model._meta.db_table
    step = 1 if len(text) <= _DENSE else SHORTEST
    if connection.vendor == "sqlite":
        places = {*range(0, len(text) - 2, step), len(text) - SHORTEST}
        parts = [text[place : place + SHORTEST].replace('"', '""') for place in sorted(places)]
        sought = " AND ".join(f'"{part}"' for part in parts)
        source = f"{name} WHERE {name} MATCH %s AND rowid BETWEEN %s AND %s"
        row = f"rowid & {(1 << ROW_BITS) - 1}"
        condition = f"{table}.rowid IN (SELECT {row} FROM {source})"  # noqa: S608 - as above
        return source, condition, [sought, owner << ROW_BITS, (owner + 1 << ROW_BITS) - 1]
    # The owner is in each trigram. A condition on the owner alone, or one that the planner moves
    # out of the inner query, would let it compute the trigrams of all of the owner's rows.
    found = f"owner_id IS NOT NULL AND {trigrams_of(model)} @> telephony_trigrams({step}, %s, %s)"
    source = f"{table} WHERE {found}"
    condition = f"{table}.id IN (SELECT id FROM {source} OFFSET 0)"  # noqa: S608 - as above
    return source, condition, [owner, text]
