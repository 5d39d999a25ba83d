"""`manage.py rotate_keys`: seal stored credentials again under the primary key."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ava.management import base as commands
from ava.sealing.keys import KeyRingInvalid, key_ring
from ava.sealing.rotation import Rotation, rotate
from integrations.credentials import store

_HELP = """Seal every stored credential again under the primary key, the first in AVA_KEYS.

How to replace a key:
  1. Make one: python3 -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"
  2. Put it in front of the old one, where that is:
     in the environment:           AVA_KEYS=k2:<new>,k1:<old>
     in keys.json (AVA_DATA_DIR):  "AVA_KEYS": "k2:<new>,k1:<old>",
  3. Restart AVA, then run this command.
  4. Remove the old key when the command says so.

AVA keeps serving meanwhile. A run that was interrupted is started again and goes on where it
was. Rows that cannot be opened are named and left as they are. Rows of a release that
sealed the secrets alone are sealed with all of their fields, so run it after an upgrade, too."""


class Command(commands.Command):
    help = _HELP
    done = "all is sealed by the primary key"
    not_done = ("something is not",)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="open and count, but change nothing"
        )
        parser.add_argument(
            "--batch",
            type=commands.whole(1, 100_000),
            default=500,
            metavar="N",
            help="rows after which a run says how far it is, and rows read at once (500)",
        )

    def handle(self, *, dry_run: bool, batch: int, verbosity: int, **options: Any) -> None:
        def progress(done: Rotation) -> None:
            if verbosity > 1:
                self.stdout.write(f"{done.resealed} rows so far")

        try:
            ring = key_ring()
            done = rotate(batch=batch, dry_run=dry_run, progress=progress)
            bound = store.bind_all(dry_run=dry_run)
        except KeyRingInvalid as fault:
            raise CommandError(str(fault)) from fault
        sealed = "would be sealed" if dry_run else "sealed"
        self.stdout.write(f"{done.resealed} rows {sealed} by {ring.primary}.")
        if bound:
            self.stdout.write(f"{bound} rows {sealed} with all of their fields.")
        for row in done.unreadable:
            self.stderr.write(f"Cannot be opened: {row}")
        for key_id in ring.key_ids[1:]:
            if not done.left[key_id]:
                self.stdout.write(
                    f"No row is sealed by {key_id} any more. Remove it from AVA_KEYS once every "
                    f"AVA process runs with {ring.primary} first; keep it with older backups."
                )
            elif not dry_run:
                self.stderr.write(
                    f"{done.left[key_id]} rows are still sealed by {key_id}: keep it in AVA_KEYS. "
                    f"Restart AVA processes that run without {ring.primary} and start this again."
                )
        if done.unreadable or (done.left and not dry_run):
            raise CommandError("Not everything is sealed by the primary key.")
