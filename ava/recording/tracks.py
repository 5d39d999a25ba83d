"""Tracks of a story: what happened to each thing, in its order. Pure.

What goes on at one time in two places has no order that comes again: a callback beside a job, two
calls. Each place has: the attempts at a provider, the statuses of a call.
"""

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from ava.recording import fakes
from ava.recording.scenario import Tracks

_REQUEST: Final = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*?)(?=:\s|$)")
_ATTEMPT: Final = re.compile(r"(?P<name>[^:]+): (?P<method>[A-Z]+) (?P<path>/\S*?)(?=[,:]|$)")
_SESSION: Final = re.compile(r"(?P<name>[^:]+): one session")
SESSION: Final = "SESSION"
"""Method of an attempt that is not HTTP."""
NOT_ASKED: Final = re.compile(r"(?P<name>[^:]+) was not asked")
_WEBHOOK: Final = re.compile(r"Webhook: (?P<what>[a-z]+ [a-z-]+)(?: (?P<event>\S+))?")
_STATE: Final = r"(?:closed|open|half[ _]open)"
BREAKER: Final = re.compile(
    rf"(?:Circuit breaker of )?(?P<name>[^:]+): (?P<before>{_STATE}) to (?P<after>{_STATE})"
)
_GIVEN_UP: Final = "dead"
"""What is compared of jobs: how often one looks again is a matter of the clock."""
_ROWS: Final = ("call", "message", "mail", "event")
_FOUND: Final = ", by vapi:"
"""Changes that AVA came upon, which others had made before."""
NO_ANSWER: Final = "no answer"
TOKEN: Final = "/token"  # noqa: S105 - a path


@dataclass(frozen=True)
class Happening:
    """One entry of a story."""

    at: float  # in seconds
    kind: str
    summary: str
    status: str
    link: str = ""
    duration_ms: float = 0.0


@dataclass(frozen=True)
class Names:
    """What the tracks are named by: a provider's label by its name, an address's pattern, and the
    words that a status may be."""

    label: Callable[[str], str]
    route: Callable[[str], str]
    words: Container[str]

    def word(self, status: str) -> str:
        """A status, if it is known."""
        return fakes.word(status, self.words)


def read(story: Iterable[Happening], names: Names) -> Tracks:
    """The tracks of a story that is in order of time."""
    tracks: Tracks = {}
    rows: dict[tuple[str, str], str] = {}
    for one in story:
        found = _entry(one, names)
        if found is None:
            continue
        track, entry = found
        if one.kind in _ROWS:
            same = [name for kind, name in rows.items() if kind[0] == one.kind]
            track = rows.setdefault((one.kind, one.link), f"{one.kind} {len(same) + 1}")
        entries = tracks.setdefault(track, [])
        # A provider that is looked at until something happens, however often.
        is_look = one.kind == "attempt" and entry.startswith("GET ")
        if not (is_look and entries[-1:] == [entry]):
            entries.append(entry)
    return tracks


def attempt(one: Happening, names: Names) -> tuple[str, str, str, str] | None:
    """An attempt's provider, method, path and status; None: the provider was not asked."""
    if session := _SESSION.fullmatch(one.summary):
        return names.label(session["name"]), SESSION, "/", names.word(one.status)
    found = _ATTEMPT.match(one.summary)
    if found is None:
        return None
    status = one.status if re.fullmatch(r"\d{3}|unreadable", one.status) else NO_ANSWER
    # Wherever a provider gives tokens out: it is another place in the sandbox.
    path = TOKEN if found["path"].endswith(TOKEN) else found["path"]
    return names.label(found["name"]), found["method"], path, status


def requested(one: Happening) -> tuple[str, str]:
    """Method and path of a request."""
    found = _REQUEST.match(one.summary)
    return (found["method"], found["path"]) if found else ("", "")


def _entry(one: Happening, names: Names) -> tuple[str, str] | None:
    if one.kind == "request":
        method, path = requested(one)
        return "requests", f"{method} {names.route(path)} {names.word(one.status)}"
    if one.kind == "attempt":
        if asked := attempt(one, names):
            label, method, path, status = asked
            return label, f"{method} {fakes.path(path)} {status}"
        refused = NOT_ASKED.match(one.summary)
        return names.label(refused["name"] if refused else ""), names.word(one.status)
    if one.kind == "webhook":
        found = _WEBHOOK.match(one.summary)
        if found is None:
            return None
        return f"webhooks {found['what']}", names.word((found["event"] or "").rstrip(":"))
    if one.kind == "breaker":
        found = BREAKER.match(one.summary)
        if found is None:
            return None
        return f"breaker {names.label(found['name'])}", f"{found['before']} to {found['after']}"
    if one.kind == "job":
        return ("jobs", "given up") if one.status == _GIVEN_UP else None
    if one.kind == "revision" and _FOUND in one.summary:
        return None
    return one.kind, names.word(one.status)


def same(recorded: Tracks, replayed: Tracks, *, settled: bool) -> bool:
    """Whether all went as recorded; what had more to come may have gone on."""
    if settled:
        return recorded == replayed
    return all(replayed.get(name, [])[: len(track)] == track for name, track in recorded.items())


def side_by_side(recorded: Tracks, replayed: Tracks) -> list[str]:
    """Lines of both, one beside the other; those that differ are marked."""
    rows: list[tuple[str, str, str]] = []
    for name in [*recorded, *(name for name in replayed if name not in recorded)]:
        pairs = zip_longest(recorded.get(name, []), replayed.get(name, []), fillvalue="")
        rows += [(name if at == 0 else "", *pair) for at, pair in enumerate(pairs)]
    wide = [max(len(row[at]) for row in [*rows, _HEAD]) for at in (0, 1, 2)]
    lines = [f"  {_line(_HEAD, wide)}"]
    return lines + [f"{' ' if row[1] == row[2] else '≠'} {_line(row, wide)}" for row in rows]


_HEAD: Final = ("", "recorded", "replayed")


def _line(row: tuple[str, str, str], wide: list[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(row, wide, strict=True)).rstrip()
