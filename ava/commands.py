"""What AVA's commands have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError
from django.db import DatabaseError


@contextmanager
def needs_database() -> Iterator[None]:
    """Tell in a sentence when the database does not work, and end with exit code 1.

    Raises:
        CommandError: it does not.
    """
    try:
        yield
    except DatabaseError as fault:
        raise CommandError(f"The database does not work: {fault}") from fault


def several(number: int, one: str, more: str) -> str:
    """A number with its noun: "1 call", "2 calls"."""
    return f"{number} {one if number == 1 else more}"
