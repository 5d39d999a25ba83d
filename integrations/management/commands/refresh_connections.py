"""`manage.py refresh_connections`."""

from typing import Any

from django.core.management.base import CommandError

from ava.management import base as commands
from ava.management.base import several
from integrations.calendar import connections


class Command(commands.Command):
    help = (
        "Ask Google and Microsoft for new access tokens of all calendars whose own have ended, or "
        "soon end. AVA does that when a calendar is used; run it, once a week for instance, so "
        "that those that nobody uses stay connected, and to see which must be connected again."
    )
    not_done = ("a provider gave none, and the calendar stays connected",)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = failed = 0
        for refreshed in connections.refresh_all():
            asked += 1
            failed += refreshed.outcome == "failed"
            self.stdout.write(f"{refreshed.connection}: {refreshed.sentence}")
        if not asked:
            self.stdout.write("No calendar needs a new access token.")
        if failed:
            raise CommandError(
                f"{several(failed, 'calendar', 'calendars')} could not be asked for."
            )
