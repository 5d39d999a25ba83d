"""`manage.py send_test_mail`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ava.accounts.queries import find_user
from ava.management import base as commands
from integrations.email import services


class Command(commands.Command):
    help = "Send a test e-mail the way a user's mails go: by their own Resend or SMTP, else yours."
    done = "the provider has taken it"
    not_done = ("no such user", "nothing is configured", "the provider refused it, or is silent")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="NAME", help="username or e-mail of a user")
        parser.add_argument("to", metavar="ADDRESS", help="who gets it")

    def handle(self, *args: Any, user: str, to: str, **options: Any) -> None:
        owner = find_user(user)
        if owner is None:
            raise CommandError(
                f"There is no user called {user!r}, or more than one has that address."
            )
        outcome = services.send_test(
            user=owner,
            to=to,
            subject="A test of AVA's e-mails",
            text="This mail shows that AVA can send e-mails for you.",
        )
        if not outcome.delivered:
            raise CommandError(outcome.message)
        self.stdout.write(outcome.message)
