"""`manage.py sync_numbers`."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from ava.http.problems import Problem
from ava.management import base as commands
from ava.management.base import several
from telephony import accounts, senders
from telephony.twilio.resources import Number


class Command(commands.Command):
    help = (
        "Ask Twilio for a user's numbers now. AVA remembers them for five minutes to check the "
        "sender of calls and messages; run this after a number was bought or released."
    )
    not_done = ("no such user", "no credentials", "Twilio did not answer")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name or e-mail address")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        found = _ask(user)
        for one in found:
            able = [name for name in ("voice", "sms") if getattr(one, name)]
            self.stdout.write(f"{one.phone_number}  {', '.join(able)}")
        self.stdout.write(f"{several(len(found), 'number', 'numbers')}.")


def _ask(name: str) -> list[Number]:
    found = (
        User.objects.filter(username=name).first()
        or User.objects.filter(email__iexact=name).first()
    )
    if found is None:
        raise CommandError("There is no such user.")
    try:
        return senders.anew(accounts.serving(found)[0])
    except Problem as problem:
        raise CommandError(problem.detail) from problem
