"""`manage.py backup` and `restore` on a database of the test's own."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.own_database import own_database


@pytest.fixture
def empty(transactional_db: None, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Called, it goes on with a database that has not even tables."""
    with own_database(tmp_path) as make_empty:
        yield make_empty


def command(*arguments: Any) -> str:
    """What it says, errors included; CommandError's as well."""
    said = io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=said, stderr=said)
    except CommandError as fault:
        said.write(f"CommandError: {fault}")
    return said.getvalue()
