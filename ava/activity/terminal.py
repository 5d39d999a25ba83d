"""Story of a correlation ID as lines of a terminal; pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from textwrap import TextWrapper
from typing import Final

from ava.activity.verdict import Happening, duration, verdict
from ava.activity.waterfall import Bar, waterfall
from ava.activity.words import KINDS, is_waiting, status_of

Paint = Callable[[str, str], str]
"""Colours a text: by `good`, `waiting` or `bad`, or as a `head`."""

NARROWEST: Final = 60
_LABEL: Final = 10
_AFTER, _KIND, _STATUS, _TOOK = 9, 15, 11, 8
_BARS: Final = 24  # of a terminal that has room for them
_ROOM_FOR_BARS: Final = 100


def story_lines(
    entries: Sequence[Happening], *, begun: datetime, whose: str, width: int, paint: Paint
) -> Iterator[str]:
    """Lines of one user's story: how it ended, what happened in order, cause and remedy.

    Args:
        entries: in order of time.
        begun: when the first that carries the ID happened.
        whose: a name.
        width: of the terminal, in characters.
    """
    width = max(width, NARROWEST)
    found = verdict(entries)
    yield paint(found.tone, found.outcome)
    yield f"{begun:%Y-%m-%d %H:%M:%S} UTC, {whose}"
    yield ""
    for word, sentence in found.facts:
        yield from _labelled(word, sentence, width, paint)
    yield ""
    yield from _time_line(entries, begun, width, paint)
    if found.cause or found.remedy:
        yield ""
        yield from _labelled("Cause", found.cause, width, paint)
        yield from _labelled("Remedy", found.remedy, width, paint)


def _labelled(word: str, sentence: str, width: int, paint: Paint) -> Iterator[str]:
    lines = _wrapped(sentence, width - _LABEL) if sentence else []
    for number, line in enumerate(lines):
        label = "" if number else word
        yield paint("head", f"{label:<{_LABEL}}") + line


def _time_line(
    entries: Sequence[Happening], begun: datetime, width: int, paint: Paint
) -> Iterator[str]:
    bars, _ = waterfall(entries)
    drawn = {id(bar.of): _drawn(bar) for bar in bars} if width >= _ROOM_FOR_BARS else {}
    room = width - _AFTER - _KIND - _STATUS - _TOOK - 4 - (_BARS + 1 if drawn else 0)
    for one in entries:
        took = "" if one.duration_ms is None else duration(one.duration_ms)
        tone = "bad" if one.failed else "waiting" if is_waiting(one.status) else "good"
        cells = [
            f"{_after(one.at, begun):>{_AFTER}}",
            f"{KINDS.get(one.kind, one.kind):<{_KIND}}",
            paint(tone, f"{_cut(status_of(one.kind, one.status), _STATUS):<{_STATUS}}"),
            f"{took:>{_TOOK}}",
            *([f"{drawn.get(id(one), ''):<{_BARS}}"] if drawn else []),
        ]
        # The answer to a request is among the facts above.
        what = one.summary.partition(": ")[0] if one.kind == "request" else one.summary
        first, *more = _wrapped(what, room)
        yield " ".join([*cells, first])
        for line in more:
            yield " " * (width - room) + line


def _wrapped(text: str, width: int) -> list[str]:
    # IDs are broken only where they do not fit.
    return TextWrapper(width, break_on_hyphens=False).wrap(printable(text)) or [""]


def _after(at: datetime, begun: datetime) -> str:
    """Time since the beginning, with a sign."""
    ms = (at - begun) / timedelta(milliseconds=1)
    return ("-" if ms < 0 else "+") + duration(abs(ms))


def _drawn(bar: Bar) -> str:
    start = min(int(bar.start * _BARS / 100), _BARS - 1)
    length = min(max(round(bar.width * _BARS / 100), 1), _BARS - start)
    return " " * start + "\N{FULL BLOCK}" * length


def _cut(text: str, room: int) -> str:
    clean = printable(text)
    return clean if len(clean) <= room else clean[: room - 1] + "\N{HORIZONTAL ELLIPSIS}"


def printable(text: str) -> str:
    """The text without what would steer the terminal: paths come from clients."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
