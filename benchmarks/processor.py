"""Processor time of the parts of a request of the console."""

import time
from collections.abc import Callable
from typing import Any, Literal

Part = Literal["sql", "view", "rendering", "rest"]
PARTS: tuple[Part, ...] = ("sql", "view", "rendering", "rest")


class Clock:
    """Processor time of this thread, by part. SQL counts for itself, wherever it is asked."""

    def __init__(self) -> None:
        self._spent: dict[Part, float] = {}
        self._open: list[Part] = []
        self._since = 0.0

    def time(self, work: Callable[[], Any]) -> dict[Part, float]:
        """Milliseconds of each part."""
        self._spent, self._open, self._since = (
            dict.fromkeys(PARTS, 0.0),
            ["rest"],
            time.thread_time(),
        )
        work()
        self._turn()
        self._open = []
        return {part: 1000 * seconds for part, seconds in self._spent.items()}

    def of(self, part: Part, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time is that part's."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            if not self._open or "sql" in self._open:
                return work(*args, **kwargs)
            self._turn()
            self._open.append(part)
            try:
                return work(*args, **kwargs)
            finally:
                self._turn()
                self._open.pop()

        return timed

    def _turn(self) -> None:
        now = time.thread_time()
        self._spent[self._open[-1]] += now - self._since
        self._since = now


def follow(clock: Clock) -> None:
    """Let Django and the console's views be timed, in this process, for good."""
    from django.db.backends.utils import CursorWrapper
    from django.db.models.query import QuerySet
    from django.db.models.sql.compiler import SQLCompiler
    from django.urls import get_resolver

    from ava.console import views

    for owner, name in (
        (QuerySet, "_fetch_all"), (SQLCompiler, "execute_sql"), (CursorWrapper, "execute"),
    ):  # fmt: skip
        setattr(owner, name, clock.of("sql", getattr(owner, name)))
    views.render_template = clock.of("rendering", views.render_template)
    _follow(clock, get_resolver().url_patterns)


def _follow(clock: Clock, patterns: Any) -> None:
    for each in patterns:
        if hasattr(each, "url_patterns"):
            _follow(clock, each.url_patterns)
        elif hasattr(each.callback, "is_public"):
            # What `views.page` decorates is in its closure.
            at = each.callback.__code__.co_freevars.index("view")
            cell = each.callback.__closure__[at]
            cell.cell_contents = clock.of("view", cell.cell_contents)
