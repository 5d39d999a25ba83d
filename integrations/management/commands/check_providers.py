from argparse import ArgumentTypeError
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from ava.accounts.queries import find_user
from ava.http import correlation
from ava.http.problems import Problem
from ava.management import base as commands
from integrations.credentials import services
from integrations.credentials.errors import CredentialsMissing, UnknownProvider
from integrations.credentials.providers import PROVIDERS


class Command(commands.Command):
    help = (
        "Ask each provider whether it takes the credentials AVA has for it. With --user those of "
        "that user, else the operator's own from the environment. Nothing is sent or changed at a "
        "provider."
    )
    done = "all that are configured work"
    not_done = ("one does not", "nothing is configured", "no such user")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "providers",
            nargs="*",
            type=_provider,
            metavar="PROVIDER",
            help=f"only these, of {', '.join(PROVIDERS)} (default: all)",
        )
        parser.add_argument("--user", metavar="NAME", help="username or e-mail of a user")

    def handle(self, *args: Any, providers: list[str], user: str | None, **options: Any) -> None:
        owner = None if user is None else find_user(user)
        if user is not None and owner is None:
            raise CommandError(
                f"There is no user called {user!r}, or more than one has that address."
            )
        results = set()
        for provider in providers or PROVIDERS:
            result, sentence = _check(provider, owner)
            results.add(result)
            self.stdout.write(f"{provider:<10} {result:<14} {sentence}")
        self.stdout.write(f"Correlation ID: {correlation.current()}")
        if "failed" in results:
            raise CommandError("Not all of them work.")
        if "ok" not in results:
            raise CommandError("Nothing is configured.")


def _check(provider: str, owner: User | None) -> tuple[str, str]:
    try:
        return "ok", services.verify(user=owner, provider=provider)
    except (CredentialsMissing, UnknownProvider) as problem:
        return "not configured", problem.detail
    except Problem as problem:
        return "failed", problem.detail


def _provider(name: str) -> str:
    if name not in PROVIDERS:
        raise ArgumentTypeError(
            f"There is no provider called {name!r}. Choose of {', '.join(PROVIDERS)}."
        )
    return name
