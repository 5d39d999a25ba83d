"""`manage.py prune`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ava.jobs import pruning
from ava.management import base as commands


class Command(commands.Command):
    help = (
        "Delete old rows that are of no more use: breaker events and other records older than "
        "--days, and sessions that have expired. AVA does so by itself once a day, with the "
        "default of --days; run it to delete more, or to see what would go. "
        "It deletes a few hundred rows at a time and can be stopped and started again at will."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=commands.whole(1, 36500),
            default=pruning.KEPT_DAYS,
            metavar="N",
            help="keep what is younger than N days (default: %(default)s)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be deleted, delete nothing"
        )

    def handle(self, *args: Any, days: int, dry_run: bool, **options: Any) -> None:
        before = timezone.now() - timedelta(days=days)
        done = "would be deleted" if dry_run else "deleted"
        for name in pruning.registered:
            count = pruning.prune(name, before, dry_run=dry_run)
            self.stdout.write(f"{name}: {count} {done}")
