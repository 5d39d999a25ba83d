"""Many rows, made by the database of the few that there are."""

from typing import Any, Final

from django.db import connection
from django.db.models import Model

# By column: what tells a copy from the row it is of. `{n}`: as many seconds as there were rows.
_COPIES: Final[dict[str, dict[str, str]]] = {
    "sqlite": {
        "id": "lower(hex(randomblob(16)))",
        "created_at": "strftime('%Y-%m-%d %H:%M:%f', created_at, '-{n} seconds') || '000'",
        "to": "'+1415' || (2000000 + abs(random() % 7999999))",
        "provider_sid": "'SM' || lower(hex(randomblob(16)))",
        "correlation_id": "lower(hex(randomblob(16)))",
        "status": "CASE abs(random() % 1000) WHEN 0 THEN 'failed' ELSE status END",
    },
    "postgresql": {
        "id": "gen_random_uuid()",
        "created_at": "created_at - interval '{n} seconds'",
        "to": "'+1415' || (2000000 + floor(random() * 7999999))::int",
        "provider_sid": "'SM' || replace(gen_random_uuid()::text, '-', '')",
        "correlation_id": "gen_random_uuid()::text",
        "status": "CASE floor(random() * 1000)::int WHEN 0 THEN 'failed' ELSE status END",
    },
}


def multiply(model: type[Model], count: int, **where: Any) -> None:
    """Copy the rows of a call or message, those of `where`, until there are as many as `count`;
    each copy has its entry in the timeline."""
    rows = model._default_manager.filter(**where)
    while (there := rows.count()) < count:
        _copy(model, rows.order_by()[: count - there], n=there)
    _enter(model)


def spread(model: type[Model], *, of: Any, each: int) -> None:
    """Give each user who has none as many copies of rows of this one."""
    rows = model._default_manager.filter(owner=of).order_by()[:each]
    owners = (
        model._default_manager.filter(owner__isnull=False).order_by().values("owner").distinct()
    )
    sql, parameters = owners.query.sql_with_params()
    _copy(model, rows, n=1, also=f", auth_user WHERE auth_user.id NOT IN ({sql})", more=parameters)
    _enter(model)


def analyze() -> None:
    """Statistics for the planner."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copy(model: type[Model], rows: Any, *, n: int, also: str = "", more: Any = ()) -> None:
    changed = dict(_COPIES[connection.vendor])
    if also:
        changed["owner_id"] = "auth_user.id"
    columns = [field.column for field in model._meta.concrete_fields]
    values = [changed.get(name, f'"{name}"').format(n=n) for name in columns]
    sql, parameters = rows.query.sql_with_params()
    quoted = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({quoted}) SELECT {', '.join(values)} "
            f"FROM ({sql}) AS copied{also}",
            [*parameters, *more],
        )


def _enter(model: type[Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table}entry (intent_id, at, status, source, detail, correlation_id) "
            f"SELECT id, created_at, status, 'api', '', '' FROM {table} "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table}entry WHERE intent_id = {table}.id)"
        )
