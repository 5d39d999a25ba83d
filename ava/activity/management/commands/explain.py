import json
import shutil
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.core.serializers.json import DjangoJSONEncoder

from ava.activity import queries
from ava.activity.serializers import StorySerializer
from ava.activity.terminal import story_lines
from ava.activity.verdict import verdict
from ava.http import correlation
from ava.management import base as commands
from ava.observability.recorder import Entry

NOT_AT_A_TERMINAL = 120  # characters of a line


class Command(commands.Command):
    help = (
        "Tell what happened under a correlation ID: how it ended, what the provider answered, "
        "whether retries helped, all on one time line, then the cause and what to do. The ID is "
        "on every error page and in every answer (X-Correlation-ID)."
    )
    done = "shown"
    not_done = ("nothing carries the ID",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=_correlation_id, metavar="CORRELATION_ID")
        parser.add_argument("--json", action="store_true", help="for programs: a JSON object")

    def handle(self, *args: Any, id: str, json: bool, **options: Any) -> None:  # noqa: A002 - argparse's names for them
        found = queries.stories(correlation_id=id)
        if not found:
            raise CommandError(_unknown(id))
        if json:
            self.stdout.write(_as_json(id, found))
            return
        width = shutil.get_terminal_size((NOT_AT_A_TERMINAL, 0)).columns
        self.stdout.write(self.style.MIGRATE_HEADING(f"Correlation ID {id}"))
        for user, entries in found:
            own = [one for one in entries if one.correlation_id == id] or entries
            whose = _whose(user)
            for line in story_lines(
                entries, begun=own[0].at, whose=whose, width=width, paint=self._paint
            ):
                self.stdout.write(line)
            self._name_others(id, entries)

    def _name_others(self, correlation_id: str, entries: list[Entry]) -> None:
        others = dict.fromkeys(one.correlation_id for one in entries)
        for other in others:
            if other and other != correlation_id:
                self.stdout.write(f"{'See also':<10}manage.py explain {other}")

    def _paint(self, tone: str, text: str) -> str:
        style = self.style
        paints = {"good": style.SUCCESS, "waiting": style.WARNING, "bad": style.ERROR}
        return str(paints.get(tone, style.MIGRATE_LABEL)(text))


def _whose(user: User | None) -> str:
    return "nobody's own" if user is None else user.get_username()


def _as_json(correlation_id: str, found: list[tuple[User | None, list[Entry]]]) -> str:
    stories = [
        {
            "user": user and user.get_username(),
            **asdict(verdict(entries)),
            "entries": StorySerializer({"correlation_id": correlation_id, "entries": entries}).data[
                "entries"
            ],
        }
        for user, entries in found
    ]
    whole = {"correlation_id": correlation_id, "stories": stories}
    return json.dumps(whole, cls=DjangoJSONEncoder, indent=1)


def _unknown(correlation_id: str) -> str:
    return (
        f"Nothing carries the ID {correlation_id}. Either no request of this AVA's had it (check "
        "that it is whole), or it was a read that AVA answered from a copy, or a request without a "
        "login, or one that the rate limit refused: these leave a line in the log only, which has "
        f"the ID. Or it is more than {settings.ACTIVITY_DAYS} days old (AVA_ACTIVITY_DAYS): then "
        "what is left is deleted."
    )


def _correlation_id(text: str) -> str:
    given = text.strip()
    if correlation.accept(given) != given:
        raise ArgumentTypeError(f"{text!r} is no correlation ID: it has letters, digits, ._:- only")
    return given
