"""`manage.py backup`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from ava.backup.services import back_up
from ava.conf import keyfile
from ava.management import base as commands


class Command(commands.Command):
    help = (
        "Copy the database into a new directory, in one consistent state while AVA runs, and read "
        "it back. The keys are not in it: keep them apart. Redis and the rest of AVA_DATA_DIR "
        "need no backup."
    )
    done = "the backup is there, and whole"
    not_done = ("the directory is there already", "the disk is full")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path, help="a new one")

    def handle(self, *args: Any, directory: Path, **options: Any) -> None:
        made = back_up(directory, now=timezone.now())
        rows, tables = f"{made.total:,} rows", f"{len(made.rows)} tables"
        self.stdout.write(f"Backed up {rows} of {tables} to {directory}, and read it back.")
        path = settings.DATA_DIR / keyfile.NAME
        where = path if path.exists() else "SECRET_KEY, AVA_JWT_KEY and AVA_KEYS"
        self.stdout.write(
            f"Not in it: the keys. Keep {where} in another place than this backup; without them "
            "stored secrets do not open."
        )
        for name, mark in made.keys.items():
            self.stdout.write(f"  {name:<16} {mark}")
