"""`manage.py reconcile_calls`."""

from typing import Any

from django.core.management.base import BaseCommand

from telephony import services


class Command(BaseCommand):
    help = (
        "Have every call and message that has not ended looked after now: those whose answer got "
        "lost are searched at the provider, those without news are asked for. AVA does this by "
        "itself; run it when you do not want to wait, for instance after an outage. The work is "
        "done by AVA's workers, or by `manage.py work --once`. Nothing is placed twice by it. "
        "Exit code 0: done."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = services.reconcile()
        self.stdout.write(f"{count} calls and messages will be looked after.")
