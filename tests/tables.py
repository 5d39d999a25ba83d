"""Emptying of tables after a test that commits, in a few milliseconds.

Django's `flush` truncates on PostgreSQL, which creates the files of every table and index again,
and then computes the content types and permissions of all apps: a tenth of a second, more than most
tests take.
"""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import Style
from django.db import connection
from django.db.models.signals import post_migrate

KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
"""No test changes what these hold."""


def _delete(style: Style, tables: list[str], **_: bool) -> list[str]:
    """Statements that leave no row, in a transaction whose end checks the foreign keys."""
    return [f"DELETE FROM {connection.ops.quote_name(one)};" for one in {*tables} - KEPT]


def empty_quickly() -> None:
    """Have `flush` delete rows, and keep Django's own."""
    # For each connection: a test may make a new one.
    type(connection.ops).sql_flush = staticmethod(_delete)
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
