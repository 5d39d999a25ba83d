"""Keyset pagination: pages of a list over a table that grows without bound.

A cursor is a row's position in the order of the list, signed. A page is read from there along
an index, so that the thousandth costs what the first does, and rows that arrive meanwhile move
nothing: docs/adr/0016-lists.md. DRF's `CursorPagination` counts equal positions by an offset, of a
thousand at most; a batch stores ten thousand messages of one moment.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.core import signing
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError
from rest_framework.utils.urls import replace_query_param

from ava.http.pagination import DEFAULT_LIMIT, LINK, SCHEMAS, limit_of, parameters

MOST_COUNTED: Final = 10_000
MOST_SCANNED: Final = 10_000
"""Rows that one page of a `Scan` looks through."""

NO_OFFSET: Final = "This list has no offset: follow next."
NO_CURSOR: Final = "This is no cursor of this list. Begin without one, and follow next."


@dataclass(frozen=True)
class Scan:
    """Rows to look through for matches, where no index finds them.

    A page looks through MOST_SCANNED rows at most. It may hold fewer matches than there is room
    for, or none, and still have a next one.
    """

    rows: QuerySet[Any]
    match: Q


class Cursor(NamedTuple):
    """A position, and the way to go from it; `inclusive` of the row that has it."""

    backward: bool
    inclusive: bool
    position: list[str]


class KeysetPagination(BasePagination):
    """`limit` and `cursor`, in the order of the query: all of its fields descend, and together
    they are unique."""

    default_limit = DEFAULT_LIMIT

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The page's rows, of a query or a `Scan`. Raises: ValidationError."""
        if "offset" in request.query_params:
            raise ValidationError({"offset": [NO_OFFSET]})
        self.url = request.build_absolute_uri()
        limit = limit_of(request, self.default_limit)
        scan = queryset if isinstance(queryset, Scan) else None
        rows: QuerySet[Any] = scan.rows if scan else queryset
        self.fields = _order(rows)
        self.salt = salt_of(rows)
        cursor = self._cursor(request)
        backward = cursor is not None and cursor.backward

        ahead = rows.reverse() if backward else rows
        if cursor:
            ahead = ahead.filter(self._compared(cursor, ">" if backward else "<"))
        edge = None
        if scan:
            names = [field.name for field in self.fields]
            scanned = ahead.prefetch_related(None).only(*names)  # as the index has it
            edge = self._position(scanned[MOST_SCANNED - 1 : MOST_SCANNED].first())
            ahead = ahead.filter(scan.match)
            if edge:
                last = Cursor(backward, True, edge)
                ahead = ahead.filter(self._compared(last, "<" if backward else ">"))
        found = list(ahead[: limit + 1])
        page = found[:limit]
        end = self._position(page[-1]) if len(found) > limit else edge

        onward = Cursor(backward, False, end) if end else None
        back = Cursor(not backward, not cursor.inclusive, cursor.position) if cursor else None
        self.next, self.previous = (back, onward) if backward else (onward, back)
        is_whole = onward is None and cursor is None
        self.count = len(page) if is_whole else _count(rows, scan.match if scan else None)
        return page[::-1] if backward else page

    def get_paginated_response(self, data: Any) -> Response:
        """The page with its links."""
        return Response(
            {
                "count": self.count,
                "next": self._link(self.next),
                "previous": self._link(self.previous),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For the OpenAPI document."""
        count = {
            "type": ["integer", "null"],
            "description": f"Exact up to {MOST_COUNTED:,}, null beyond.",
        }
        properties = {"count": count, "next": LINK, "previous": LINK, "results": schema}
        return {"type": "object", "properties": properties, "required": list(properties)}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """For the OpenAPI document."""
        return parameters(limit=SCHEMAS["limit"], cursor=SCHEMAS["cursor"])

    def _cursor(self, request: Request) -> Cursor | None:
        given = request.query_params.get("cursor")
        if given is None:
            return None
        try:
            return Cursor(*signing.loads(given, salt=self.salt))
        except (signing.BadSignature, ValueError):
            raise ValidationError({"cursor": [NO_CURSOR]}) from None

    def _link(self, cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        return replace_query_param(self.url, "cursor", signing.dumps(cursor, salt=self.salt))

    def _position(self, row: Model | None) -> list[str] | None:
        return [field.value_to_string(row) for field in self.fields] if row else None

    def _compared(self, cursor: Cursor, sign: str) -> Func:
        """Row values, which a database seeks in an index: `(created_at, id) < (..., ...)`."""
        names = [F(field.name) for field in self.fields]
        values = [
            Value(field.to_python(text), output_field=field)
            for field, text in zip(self.fields, cursor.position, strict=True)
        ]
        rows = [Func(*each, template="(%(expressions)s)") for each in (names, values)]
        joiner = f" {sign}= " if cursor.inclusive else f" {sign} "
        return Func(
            *rows, template="%(expressions)s", arg_joiner=joiner, output_field=BooleanField()
        )


def salt_of(rows: QuerySet[Any]) -> str:
    """Salt of a cursor's signature: one of another table or order does not open this list."""
    return " ".join([rows.model._meta.label, *(field.name for field in _order(rows))])


def _order(rows: QuerySet[Any]) -> "list[Field[Any, Any]]":
    meta = rows.model._meta
    names: Any = rows.query.order_by or meta.ordering
    return [meta.get_field(name.removeprefix("-")) for name in names]


def _count(rows: QuerySet[Any], match: Q | None) -> int | None:
    # In their order, so that the planner walks along the index of that, and stops.
    number = rows[: MOST_COUNTED + 1].count()
    if number > MOST_COUNTED:
        return None
    return number if match is None else rows.filter(match).count()
