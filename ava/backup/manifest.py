"""Manifest of a backup: what is in it, and what it takes to read it."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ava.sealing.keys import KeyRingInvalid, parse

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    made_at: str  # RFC 3339
    engine: str  # "sqlite" or "postgresql"
    migrations: list[str]  # applied ones, as "app.name"
    rows: dict[str, int]  # by table
    files: dict[str, str]  # SHA-256 by name
    keys: dict[str, str]  # fingerprints by name, such as "AVA_KEYS k1"
    format: int = FORMAT

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.made_at)

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def write(directory: Path, manifest: Manifest) -> None:
    (directory / NAME).write_text(json.dumps(asdict(manifest), indent=1) + "\n")


def read(directory: Path) -> Manifest:
    """The manifest of a whole backup. Raises CommandError: it is none, or was changed since."""
    try:
        found = json.loads((directory / NAME).read_text())
        if found["format"] != FORMAT:
            raise CommandError(f"The backup has format {found['format']}: use a newer AVA.")
        manifest = Manifest(**found)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise CommandError(f"{directory} holds no backup ({type(fault).__name__}).") from fault
    for name, digest in manifest.files.items():
        if not (directory / name).is_file() or checksum(directory / name) != digest:
            raise CommandError(f"{directory / name} is missing or damaged: take another backup.")
    return manifest


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def applied() -> list[str]:
    """Migrations that the database has, of the apps of this AVA and of newer ones."""
    loader = MigrationLoader(connection)
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations)


def unknown(manifest: Manifest) -> list[str]:
    """Migrations of the backup that this AVA does not have: it is an older one."""
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return sorted(set(manifest.migrations) - {f"{app}.{name}" for app, name in disk})


def fingerprints() -> dict[str, str]:
    """Fingerprints of the present keys: they tell two keys apart, and reveal nothing of them."""
    keys = {
        "SECRET_KEY": settings.SECRET_KEY.encode(),
        "AVA_JWT_KEY": settings.AVA_JWT_KEY.encode(),
    }
    try:
        keys |= {f"AVA_KEYS {name}": key for name, key in parse(settings.AVA_KEYS).items()}
    except KeyRingInvalid as fault:
        raise CommandError(str(fault)) from fault
    return {
        name: hmac.new(key, b"fingerprint of a backup", "sha256").hexdigest()[:16]
        for name, key in keys.items()
    }
