"""`manage.py reconcile_calls`."""

from typing import Any

from ava.management import base as commands
from ava.management.base import several
from telephony import services


class Command(commands.Command):
    help = (
        "Have every call and message that has not ended looked after now: those whose answer got "
        "lost are searched at the provider, those without news are asked for. AVA does this by "
        "itself; run it when you do not want to wait, for instance after an outage. The work is "
        "done by AVA's workers, or by `manage.py work --once`. Nothing is placed twice by it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        what = several(services.reconcile(), "call or message", "calls and messages")
        self.stdout.write(f"{what} will be looked after.")
