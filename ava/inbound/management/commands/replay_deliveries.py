import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ava.inbound import services
from ava.inbound.models import Delivery
from ava.management import base as commands
from ava.management.base import several


class Command(commands.Command):
    help = (
        "Work through stored webhooks once more: the failed ones, or those you name. What they "
        "say is applied by the same rules as the first time, so nothing happens twice. The work "
        "itself is done by the running server or by `manage.py work`."
    )
    not_done = ("no such delivery",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("ids", nargs="*", type=uuid.UUID, default=[], metavar="ID")
        chosen.add_argument("--failed", action="store_true", help="all that failed")

    def handle(self, *args: Any, ids: list[uuid.UUID], failed: bool, **options: Any) -> None:
        rows = Delivery.objects.order_by("received_at")
        chosen = rows.filter(state=Delivery.State.FAILED) if failed else rows.filter(pk__in=ids)
        if missing := set(ids) - {row.pk for row in chosen}:
            raise CommandError(f"No such delivery: {', '.join(map(str, sorted(missing)))}.")
        count = services.replay(chosen)
        self.stdout.write(f"{several(count, 'delivery', 'deliveries')} will be worked through.")
