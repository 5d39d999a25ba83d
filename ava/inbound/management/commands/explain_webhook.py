from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q

from ava.inbound.diagnosis import explain
from ava.inbound.models import Refusal
from ava.management import base as commands

LISTED = 20


class Command(commands.Command):
    help = (
        "Say why webhooks were refused: the signature did not fit. Without an ID it lists the last "
        "refusals; with one it shows which addresses and secrets were tried, what the proxies "
        "said, and what to look at."
    )
    done = "explained"
    not_done = ("no such refusal",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "id", nargs="?", metavar="ID", help="the number from the list, or a correlation ID"
        )
        parser.add_argument(
            "--user", metavar="NAME", help="list those whose address named this user's account"
        )

    def handle(self, *args: Any, id: str | None, user: str | None, **options: Any) -> None:  # noqa: A002 - argparse's name for it
        if id is None:
            found = Refusal.objects.filter(owner__username=user) if user else Refusal.objects.all()
            lines = [f"{one.pk:<6} {explain(one)[0]}" for one in found[:LISTED]]
            lines = lines or ["No webhook was refused of late."]
        else:
            number = int(id) if id.isascii() and id.isdigit() and len(id) < 19 else None
            refusal = Refusal.objects.filter(Q(pk=number) | Q(correlation_id=id)).first()
            if refusal is None:
                raise CommandError(f"There is no refusal {id!r}. Without ID the last are listed.")
            lines = explain(refusal)
        for line in lines:
            self.stdout.write(line)
