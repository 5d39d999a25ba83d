"""Migrations let the release before run on: docs/DEPLOYMENT.md's rolling upgrade and way back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from ava.conf.env import BASE_DIR
from tests.expansion import contracting

OWN = {"ava", "integrations", "telephony", "vapi_settings"}
FIRST = {
    "inbound.0002_limits_by_account",
    "integrations.0002_breaker_order_number",
    "jobs.0004_lease_expiries",
    "telephony.0002_holders",
    "telephony.0004_wishes",
    "telephony.0005_held_batches",
    "telephony.0009_ids_by_holder",
}
"""Made before there was a release that could run beside them."""


def own() -> Iterator[tuple[Migration, ProjectState]]:
    """AVA's migrations, each with the state before it."""
    loader = MigrationLoader(None)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if migration.__module__.partition(".")[0] in OWN:
            yield migration, loader.project_state((app, name), at_end=False)


def test_no_migration_breaks_the_release_that_runs_beside_it() -> None:
    changelog = (BASE_DIR / "CHANGELOG.md").read_text()
    releases = set(re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.M))
    found = {
        str(migration): contracting(migration, state)
        for migration, state in own()
        if str(migration) not in FIRST and getattr(migration, "unused_since", None) not in releases
    }
    assert {name: said for name, said in found.items() if said} == {}


def state() -> ProjectState:
    before = ProjectState()
    fields = [
        ("id", models.AutoField(primary_key=True)),
        ("name", models.CharField(max_length=20, null=True)),
    ]
    before.add_model(ModelState("shop", "Book", fields, {"constraints": [], "indexes": []}))
    return before


def sentences(*changes: Any) -> list[str]:
    kind = type("Migration", (Migration,), {"operations": list(changes)})
    return contracting(kind("0002_change", "shop"), state())


TEXT = models.CharField(max_length=20, default="")
ONLY = models.UniqueConstraint(fields=["name"], name="only")


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (migrations.AddField("book", "isbn", TEXT), "it gives no value: db_default"),
        (migrations.RemoveField("book", "name"), "it still asks for this"),
        (migrations.RenameField("book", "name", "title"), "it still asks for this"),
        (migrations.DeleteModel("Book"), "it still asks for this"),
        (migrations.AlterField("book", "name", TEXT), "it may write NULL"),
        (
            migrations.AlterField("book", "name", models.CharField(max_length=9, null=True)),
            "it may write what does not fit",
        ),
        (
            migrations.AlterField("book", "name", models.IntegerField(null=True)),
            "it may write what does not fit",
        ),
        (migrations.AddConstraint("book", ONLY), "it may write what this refuses"),
        (migrations.RunSQL("DROP TABLE shop_book"), "nobody can tell what this does to it"),
    ],
)
def test_what_the_release_before_cannot_live_with_is_named(operation: Any, why: str) -> None:
    (sentence,) = sentences(operation)
    assert sentence.endswith(why)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("book", "isbn", models.CharField(max_length=20, db_default="")),
        migrations.AddField("book", "isbn", models.CharField(max_length=20, null=True)),
        migrations.AlterField("book", "name", models.CharField(max_length=40, null=True)),
        migrations.AddIndex("book", models.Index(fields=["name"], name="by_name")),
    ],
)
def test_what_is_only_added_is_for_both(operation: Any) -> None:
    assert sentences(operation) == []


def test_a_table_may_have_what_it_likes_in_the_migration_that_makes_it() -> None:
    fields = [("id", models.AutoField(primary_key=True)), ("name", TEXT)]
    made = migrations.CreateModel("Shelf", fields)
    assert sentences(made, migrations.AddConstraint("shelf", ONLY)) == []
