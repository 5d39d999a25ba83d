"""The backend: `"ENGINE": "ava.sqlite"`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from ava.sqlite.line import Line

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")

_lines: dict[str, Line] = {}
# A thread of the parent may have held one.
os.register_at_fork(after_in_child=_lines.clear)


class Cursor(base.SQLiteCursorWrapper):
    """Django's, which waits for its turn before it writes outside of a transaction."""

    connection_wrapper: "DatabaseWrapper"

    def execute(self, query: str, params: Any = None) -> Any:
        """As DB-API has it."""
        with self.connection_wrapper.turn_for(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """As DB-API has it."""
        with self.connection_wrapper.turn_for(query):
            return super().executemany(query, param_list)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection.

    Attributes:
        patience: seconds that it waits for others to write.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patience: float = self.settings_dict["OPTIONS"].get("timeout", 5.0)
        self._line: Line | None = None

    @contextmanager
    def turn_for(self, query: str) -> Iterator[None]:
        """Have the turn for the block, if this is a write that needs one of its own."""
        if self._line is not None or not query.lstrip()[:7].upper().startswith(_WRITES):
            yield
            return
        try:
            self._take_turn()
            yield
        finally:
            self._give_turn()

    def create_cursor(self, name: str | None = None) -> Any:
        """Django's, with our own kind."""
        cursor = self.connection.cursor(factory=Cursor)
        cursor.connection_wrapper = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        try:
            self._take_turn()
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in Django's types
        except BaseException:
            self._give_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # not in Django's types
        self._give_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in Django's types
        finally:
            self._give_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # not in Django's types
        finally:
            self._give_turn()

    def _take_turn(self) -> None:
        line = _lines.setdefault(str(self.settings_dict["NAME"]), Line())
        until = time.monotonic() + self.patience
        if not line.take(self.patience):
            raise OperationalError("database is locked")
        self._line = line
        # Other processes may have it.
        left = max(0.0, until - time.monotonic())
        self.connection.execute(f"PRAGMA busy_timeout = {round(left * 1000)}")

    def _give_turn(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.give()
