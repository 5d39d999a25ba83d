"""Expand and contract: what in a migration breaks the release before, which runs on beside it.

One that takes away what no release uses any more says since which: `unused_since = "1.2.0"`.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.migrations import Migration, operations
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Field

GONE = (
    operations.RemoveField,
    operations.RenameField,
    operations.DeleteModel,
    operations.RenameModel,
    operations.AlterModelTable,
)
LOOKED_AT = (operations.RunSQL, operations.RunPython, operations.SeparateDatabaseAndState)
HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
)


def contracting(migration: Migration, state: ProjectState) -> list[str]:
    """A sentence for each operation that breaks the release before.

    Args:
        state: the models before this migration.
    """
    return list(_sentences(migration, state))


def _sentences(migration: Migration, state: ProjectState) -> Iterator[str]:
    app = migration.app_label
    fresh: set[str] = set()
    for operation in migration.operations:
        after = state.clone()
        operation.state_forwards(app, after)
        if isinstance(operation, operations.CreateModel):
            fresh.add(operation.name_lower)
        model = getattr(operation, "model_name", None) or getattr(operation, "name", "")
        if model.lower() not in fresh and (why := _reason(operation, app, state, after)):
            yield f"{operation.describe()}: {why}"
        state = after


def _reason(operation: Any, app: str, before: ProjectState, after: ProjectState) -> str | None:
    if isinstance(operation, HARMLESS):
        return None
    if isinstance(operation, GONE):
        return "it still asks for this"
    if isinstance(operation, LOOKED_AT):
        return "nobody can tell what this does to it"
    if isinstance(operation, operations.AddField):
        given = operation.field.null or operation.field.has_db_default()
        return None if given or operation.field.many_to_many else "it gives no value: db_default"
    if isinstance(operation, operations.AlterField):
        return _narrower(
            *(
                state.apps.get_model(app, operation.model_name)._meta.get_field(operation.name)
                for state in (before, after)
            )
        )
    if isinstance(operation, operations.AddConstraint):
        return "it may write what this refuses"
    if isinstance(operation, operations.RemoveConstraint):
        known = before.models[app, operation.model_name_lower].options["constraints"]
        [one] = [each for each in known if each.name == operation.name]
        return None if isinstance(one, CheckConstraint) else "it may rely on this"
    return "not known to be harmless"


def _narrower(old: "Field[Any, Any]", new: "Field[Any, Any]") -> str | None:
    if old.null and not new.null:
        return "it may write NULL"
    if new.unique and not old.unique:
        return "it may write what this refuses"
    if old.has_db_default() and not new.has_db_default() and not new.null:
        return "it gives no value: db_default"
    if old.column != new.column:
        return "it still asks for this"
    longer = (new.max_length or 0) >= (old.max_length or 0)
    if old.get_internal_type() == new.get_internal_type() and longer:
        return None
    same = old.db_type(connection) == new.db_type(connection)
    return None if same else "it may write what does not fit"
