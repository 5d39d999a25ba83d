"""`manage.py sync_numbers`."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from ava.http.problems import Problem
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
        users = User.objects
        owner = users.filter(username=user).first() or users.filter(email__iexact=user).first()
        if owner is None:
            raise CommandError("There is no such user.")
        try:
            found = senders.numbers(user=owner)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        for one in found:
            able = [name for name in ("voice", "sms") if getattr(one, name)]
            self.stdout.write(f"{one.phone_number}  {', '.join(able)}")
        self.stdout.write(f"{several(len(found), 'number', 'numbers')}.")
