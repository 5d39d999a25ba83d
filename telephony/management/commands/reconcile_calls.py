"""`manage.py reconcile_calls`."""

from typing import Any

from django.core.management.base import BaseCommand

from ava.commands import needs_database, several
from telephony import services


class Command(BaseCommand):
    help = (
        "Have every call and message that has not ended looked after now: those whose answer got "
        "lost are searched at the provider, those without news are asked for. AVA does this by "
        "itself; run it when you do not want to wait, for instance after an outage. The work is "
        "done by AVA's workers, or by `manage.py work --once`. Nothing is placed twice by it. "
        "Exit code 0: done, 1: the database does not work."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with needs_database():
            count = services.reconcile()
        what = several(count, "call or message", "calls and messages")
        self.stdout.write(f"{what} will be looked after.")
