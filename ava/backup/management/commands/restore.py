"""`manage.py restore`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from ava.backup.services import restore
from ava.management import base as commands


class Command(commands.Command):
    help = (
        "Put the database back as it was in a backup, while AVA is stopped. What was open then "
        "may have been done since: nothing is called, texted, mailed or booked a second time. "
        "All logins end. A backup of an older AVA is migrated."
    )
    done = "the database is as it was, and AVA may start"
    not_done = (
        "no whole backup",
        "of a newer AVA or another kind of database",
        "the database is not empty, or in use",
    )
    # They look into the database that is about to go.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path, help="what backup has made")
        parser.add_argument(
            "--replace", action="store_true", help="lose what the database holds now"
        )

    def handle(self, *args: Any, directory: Path, replace: bool, **options: Any) -> None:
        done = restore(directory, replace=replace, now=timezone.now())
        found = done.manifest
        self.stdout.write(
            f"Restored {found.total:,} rows of {len(found.rows)} tables, as they were at "
            f"{found.time:%Y-%m-%d %H:%M} UTC."
        )
        for what, count in done.held.items():
            if count:
                self.stdout.write(f"  {what}: {count}")
        self.stdout.write(
            "Lost since then: opt-outs, cancellations, revoked API tokens, new passwords. Enter "
            "again what you know of them before you start AVA."
        )
        for name in done.keys_missing:
            self.stderr.write(
                f"{name} is not the key of this backup ({found.keys[name]}): put that one back, or "
                "what it sealed does not open."
            )
