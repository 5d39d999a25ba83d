from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from ava.activity.models import Activity
from ava.activity.services import write
from ava.management import base as commands
from ava.recording.capture import capture
from ava.recording.parts import NotRepeatable
from ava.recording.scenario import dump


class Command(commands.Command):
    help = (
        "Write an incident as a scenario that `manage.py replay` plays again: what was asked, what "
        "each provider answered in order, callbacks in their order, and what came of it. Phone "
        "numbers and e-mail addresses in it are made up, texts are fillers, keys and IDs are left "
        "out: it may go into a test or a bug report."
    )
    not_done = ("nothing of the kind, or it cannot be repeated", "the file is there already")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("correlation_id", metavar="CORRELATION_ID", help="of the incident")
        parser.add_argument(
            "--to", metavar="FILE", type=Path, help="a new file (default: to the terminal)"
        )
        parser.add_argument(
            "--user", metavar="NAME", help="whose it is, where several users used this ID"
        )

    def handle(self, *args: Any, correlation_id: str, **options: Any) -> None:
        owner = self._owner(correlation_id, options["user"])
        try:
            text = dump(capture(user=owner, correlation_id=correlation_id))
        except NotRepeatable as why:
            raise CommandError(str(why)) from why
        target: Path | None = options["to"]
        if target is None:
            self.stdout.write(text)
            return
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as fault:
            raise CommandError(f"{target} cannot be written: {fault.strerror}.") from fault
        self.stdout.write(f"Captured. Play it again: manage.py replay {target}")

    def _owner(self, correlation_id: str, name: str | None) -> User:
        write()
        rows = Activity.objects.filter(correlation_id=correlation_id, kind="request")
        owners = User.objects.filter(pk__in=rows.values("owner"))
        if name is not None:
            owners = owners.filter(username=name)
        found = list(owners[:2])
        if not found:
            raise CommandError(
                "There is no request under this ID. AVA keeps requests for AVA_ACTIVITY_DAYS, "
                "those that changed something, asked a provider, or failed."
            )
        if len(found) > 1:
            raise CommandError("Several users used this ID: name one with --user.")
        return found[0]
