"""Backup into a directory, checked after writing; restore of one, with what it holds back."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from ava.backup import holding, manifest, postgresql, sqlite
from ava.backup.manifest import Manifest

# Rows that AVA makes by itself: a database with these alone is empty.
_OWN = {"contenttypes.contenttype", "auth.permission", "jobs.job", "integrations.breakerevent"}


@dataclass(frozen=True)
class Restoration:
    manifest: Manifest
    held: dict[str, int]
    keys_missing: list[str]  # such as "AVA_KEYS k1"


def back_up(directory: Path, *, now: datetime) -> Manifest:
    """Write a backup. The directory appears when it is whole. Raises CommandError."""
    if directory.exists():
        raise CommandError(f"{directory} is there already: name a new directory.")
    aside = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    mask = os.umask(0o077)  # it holds what people said and wrote
    try:
        aside.mkdir(parents=True)
        made = Manifest(
            made_at=now.isoformat(),
            engine=connection.vendor,
            migrations=manifest.applied(),
            rows=_engine().save(aside),
            files={path.name: manifest.checksum(path) for path in sorted(aside.iterdir())},
            keys=manifest.fingerprints(),
        )
        manifest.write(aside, made)
        manifest.read(aside)
        aside.rename(directory)
    except OSError as fault:
        raise CommandError(f"{directory} cannot be written: {fault.strerror or fault}.") from fault
    finally:
        os.umask(mask)
        shutil.rmtree(aside, ignore_errors=True)
    return made


def restore(directory: Path, *, replace: bool, now: datetime) -> Restoration:
    """Put the database back as it was, brought up to date, with everything open held back.

    Raises CommandError: nothing was changed.
    """
    found = manifest.read(directory)
    if found.engine != connection.vendor:
        raise CommandError(
            f"This is a backup of {found.engine}, and DATABASE_URL names {connection.vendor}: "
            "restore it into a database of its kind."
        )
    if newer := manifest.unknown(found):
        raise CommandError(
            f"This backup was made by a newer AVA (it has {newer[-1]}): restore it with that one."
        )
    if not (replace or _is_empty()):
        raise CommandError(
            "The database is not empty. Name an empty one, or add --replace to lose what it holds."
        )
    engine = _engine()
    engine.require_alone()
    present = manifest.fingerprints()
    with engine.replacing(directory, found.migrations):
        call_command("migrate", verbosity=0, interactive=False)
        held = holding.hold_all(holding.Restored(found.time, now))
    missing = [
        name
        for name, mark in found.keys.items()
        if name.startswith("AVA_KEYS") and present.get(name) != mark
    ]
    return Restoration(found, held, missing)


def _engine() -> ModuleType:
    return postgresql if connection.vendor == "postgresql" else sqlite


def _is_empty() -> bool:
    try:
        tables = connection.introspection.table_names()
        models = [model for model in apps.get_models() if model._meta.db_table in tables]
        return not any(
            model._base_manager.exists() for model in models if model._meta.label_lower not in _OWN
        )
    except DatabaseError as fault:
        raise CommandError(f"The database does not work: {fault}") from fault
    finally:
        connection.close()
