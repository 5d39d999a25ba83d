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
        _copy(model, there, rows.order_by()[: count - there])
    with connection.cursor() as cursor:
        entries = f"{model._meta.db_table}entry"
        cursor.execute(
            f"INSERT INTO {entries} (intent_id, at, status, source, detail, correlation_id) "
            f"SELECT id, created_at, status, 'api', '', '' FROM {model._meta.db_table} "
            f"WHERE id NOT IN (SELECT intent_id FROM {entries})"
        )


def _copy(model: type[Model], there: int, rows: Any) -> None:
    changed = _COPIES[connection.vendor]
    columns = [field.column for field in model._meta.concrete_fields]
    values = [changed.get(name, f'"{name}"').format(n=there) for name in columns]
    sql, parameters = rows.query.sql_with_params()
    quoted = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({quoted}) SELECT {', '.join(values)} "
            f"FROM ({sql}) AS rows",
            parameters,
        )


def analyze() -> None:
    """Statistics for the planner."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
