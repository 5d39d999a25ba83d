"""`manage.py forget_person`."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from ava.erasure import steps
from ava.erasure.person import Person
from ava.erasure.services import forget
from ava.management import base as commands


class Command(commands.Command):
    help = (
        "Redact what AVA holds about a person: number or address, what was said, written and "
        "booked, raw webhooks, activity. Rows stay, and so do counts and costs. Without --yes it "
        "only says what it would redact. It can be stopped and started again at will."
    )
    not_done = ("something with that person is still under way",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "person", type=_person, metavar="NUMBER|ADDRESS", help="in E.164, or of e-mail"
        )
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *args: Any, person: Person, yes: bool, **options: Any) -> None:
        done = forget(person, dry_run=not yes)
        verb = "redacted" if yes else "would be redacted"
        for table, count in sorted(done.redacted.items()):
            self.stdout.write(f"{table}: {count} {verb}")
        if not done.redacted:
            self.stdout.write("AVA holds nothing about that person.")
        for reason in dict.fromkeys(steps.kept.values()):
            self.stdout.write(f"Kept: {reason}")
        for provider, count in done.held_by.items():
            self.stdout.write(f"{provider} still holds {count}: delete them there.")
        if done.redacted and not yes:
            self.stdout.write("Nothing was changed. Add --yes to do it.")


def _person(text: str) -> Person:
    try:
        return Person.parse(text)
    except ValueError as fault:
        raise ArgumentTypeError(str(fault)) from None
