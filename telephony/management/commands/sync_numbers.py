"""`manage.py sync_numbers`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ava.accounts.queries import find_user
from ava.management import base as commands
from ava.management.base import several
from telephony import senders


class Command(commands.Command):
    help = (
        "Ask Twilio for a user's numbers now. AVA remembers them for five minutes to check the "
        "sender of calls and messages; run this after a number was bought or released."
    )
    not_done = ("no such user", "no credentials", "Twilio did not answer")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name or e-mail address")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        owner = find_user(user)
        if owner is None:
            raise CommandError("There is no such user.")
        found, others = senders.listed(user=owner)
        for one in found:
            able = [name for name in ("voice", "sms") if getattr(one, name)]
            self.stdout.write(f"{one.phone_number}  {', '.join(able)}")
        for other in others:
            self.stdout.write(f"{other.sender}  {other.kind.replace('_', ' ')}")
        self.stdout.write(f"{several(len(found), 'number', 'numbers')}.")
