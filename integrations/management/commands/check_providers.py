"""`manage.py check_providers`."""

import sys
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from ava import correlation
from integrations.checking import check
from integrations.credentials.providers import PROVIDERS

FAILED, NOTHING_CONFIGURED = 1, 2


class Command(BaseCommand):
    help = (
        "Ask each provider whether it takes the credentials AVA has for it. With --user those of "
        "that user, else the operator's own from the environment. Nothing is sent or changed at a "
        "provider. Exit code 0: all that are configured work. 1: one does not, or the command "
        "was wrong. 2: nothing is configured."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "providers",
            nargs="*",
            metavar="PROVIDER",
            help=f"only these, of {', '.join(PROVIDERS)} (default: all)",
        )
        parser.add_argument("--user", metavar="NAME", help="username or e-mail of a user")

    def handle(self, *args: Any, providers: list[str], user: str | None, **options: Any) -> None:
        for name in providers:
            if name not in PROVIDERS:
                raise CommandError(
                    f"There is no provider called {name!r}. Choose of {', '.join(PROVIDERS)}."
                )
        who = _user(user) if user is not None else None
        with correlation.bind(correlation.current() or correlation.new()):
            found = check(user=who, providers=providers or PROVIDERS)
            for finding in found:
                self.stdout.write(f"{finding.provider:<10} {finding.result:<14} {finding.sentence}")
            self.stdout.write(f"Correlation ID: {correlation.current()}")
        results = {finding.result for finding in found}
        if "failed" in results:
            sys.exit(FAILED)
        if "ok" not in results:
            sys.exit(NOTHING_CONFIGURED)


def _user(name: str) -> User:
    found = list(User.objects.filter(Q(username=name) | Q(email__iexact=name))[:2])
    if len(found) != 1:
        many = "more than one user" if found else "no user"
        raise CommandError(f"There is {many} called {name!r}.")
    return found[0]
