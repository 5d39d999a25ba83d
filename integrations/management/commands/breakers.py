import json
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from ava.http.problems import Problem
from ava.management import base as commands
from integrations.breakers import queries, services
from integrations.breakers.services import Forced

ABOUT = """\
Show and steer the circuit breakers. Each provider (vapi, twilio, resend, smtp, google, microsoft)
has one. It opens after some failures in a row; while it is open, AVA answers for the provider at
once instead of letting requests wait, and after a while lets a single request try again.

With REDIS_URL set this is the state that all workers share. An override is stored in the database;
calls obey it within a tenth of a second, and the metrics show it within a second or two.
"""
ACTIONS = {
    "list": "show each breaker: its state, since when, when it tries again",
    "open": "hold it open: send nothing to the provider, for instance while it is being repaired",
    "close": "hold it closed: send everything, even if it fails",
    "reset": "end an override, forget all failures, start afresh with a closed breaker",
}


class Command(commands.Command):
    help = ABOUT

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for action, about in ACTIONS.items():
            sub = actions.add_parser(action, help=about, description=f"{about.capitalize()}.")
            if action == "list":
                sub.add_argument(
                    "provider", nargs="?", type=_breaker, metavar="PROVIDER", help="only this one"
                )
                sub.add_argument("--json", action="store_true", help="for programs: a JSON array")
                continue
            sub.add_argument(
                "provider", type=_breaker, metavar="PROVIDER", help="for instance vapi"
            )
            sub.add_argument("--reason", default="", help="why, for your colleagues")
            if action != "reset":
                sub.add_argument(
                    "--until",
                    type=commands.whole(1, 60 * 24 * 365),
                    metavar="MINUTES",
                    help="end by itself after so many minutes (default: only a reset ends it)",
                )

    def handle(self, *args: Any, action: str, provider: str | None, **options: Any) -> None:
        if action != "list":
            self._override(action, str(provider), options["reason"], options.get("until"))
        self._list(provider, as_json=options.get("json", False))

    def _list(self, provider: str | None, *, as_json: bool) -> None:
        only = None if provider is None else [provider]
        found = queries.list_breakers(now=timezone.now(), live=False, providers=only)
        if as_json:
            rows = [asdict(status) for status in found]
            self.stdout.write(json.dumps(rows, cls=DjangoJSONEncoder, indent=1))
            return
        for status in found:
            self.stdout.write(f"{status.provider:<10} {status}")

    def _override(self, action: str, provider: str, reason: str, until: int | None) -> None:
        now = timezone.now()
        end = now + timedelta(minutes=until) if until else None
        forced = {"open": Forced.OPEN, "close": Forced.CLOSED, "reset": None}[action]
        services.override(forced, provider=provider, reason=reason, by=None, now=now, until=end)


def _breaker(name: str) -> str:
    try:
        services.require_known(name)
    except Problem as problem:
        raise ArgumentTypeError(problem.detail) from problem
    return name
