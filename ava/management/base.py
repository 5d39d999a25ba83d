"""Base of AVA's commands: how they end, and what they say then."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ava.http import correlation
from ava.http.problems import Problem


class Command(BaseCommand):
    """Base of AVA's commands. Each ends with 0, 1 or 2, and its `--help` says when."""

    done: ClassVar[str] = "done"  # what 0 means
    not_done: ClassVar[tuple[str, ...]] = ()  # what 1 means, besides a broken database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        failed = ", ".join([*self.not_done, "the database does not work"])
        kwargs["epilog"] = (
            f"Exit code 0: {self.done}. 1: not done, and a sentence says why ({failed}). "
            "2: the command line or a variable is wrong."
        )
        return super().create_parser(prog_name, subcommand, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it under a correlation ID. Raises CommandError where it is not done."""
        try:
            with correlation.bind(correlation.current() or correlation.new()):
                return super().execute(*args, **options)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        except DatabaseError as fault:
            raise CommandError(f"The database does not work: {fault}") from fault


def whole(low: int, high: int) -> Callable[[str], int]:
    """Type of an argument that is a whole number between these, both included."""

    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ArgumentTypeError(f"must be a whole number from {low} to {high}")
        return int(text)

    return convert


def several(number: int, one: str, more: str) -> str:
    """A number with its noun: "1 call", "2 calls"."""
    return f"{number} {one if number == 1 else more}"
