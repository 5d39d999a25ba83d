"""Verdict on a story: how it ended, what the provider answered, whether retries helped; pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from ava.activity.words import (
    NOT_ASKED,
    Words,
    answer_of,
    is_known,
    is_waiting,
    words_of,
    words_of_answer,
)

_ATTEMPT = re.compile(r", attempt \d+$")
_CALLS_AND_THE_LIKE = ("call", "message", "mail", "event")
_NOTHING_TO_DO = "Nothing is to be done."


class Happening(Protocol):
    """An entry of a story."""

    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def failed(self) -> bool: ...
    @property
    def duration_ms(self) -> float | None: ...
    @property
    def link(self) -> str: ...


@dataclass(frozen=True)
class Verdict:
    """Facts are pairs of a word and a sentence, in the order in which a person asks for them."""

    tone: Literal["good", "waiting", "bad"]
    outcome: str
    facts: tuple[tuple[str, str], ...]
    cause: str = ""
    remedy: str = ""


def verdict(entries: Sequence[Happening]) -> Verdict:
    """The verdict on a story, whose entries are in order of time."""
    requests = [one for one in entries if one.kind == "request"]
    operations = _operations(entries)
    ends = _ends(entries)
    facts = (
        *(fact for one in requests[-1:] for fact in _asked(one)),
        *(("Provider", _answered(name, tries)) for name, tries in operations if _stumbled(tries)),
        *(("Breaker", one.summary) for one in entries if one.kind == "breaker"),
        *(("Became", _became(one)) for one in ends),
    )
    failures = [*requests[-1:], *(tries[-1] for _, tries in operations), *ends]
    failed = [one for one in failures if one.failed]
    troubled = [tries[0] for _, tries in operations if _stumbled(tries)]
    if requests and requests[-1].failed:
        refused = not troubled and requests[-1].status < "500"
        return _bad("It was refused." if refused else "It failed.", facts, failed)
    if any(one.failed for one in ends):
        return _bad("It was taken, and failed later." if requests else "It failed.", facts, failed)
    if any(is_waiting(one.status) for one in ends):
        words = words_of(troubled[0].kind, troubled[0].status) if troubled else Words("")
        remedy = "Nothing yet: AVA goes on by itself."
        return Verdict("waiting", "It is still under way.", facts, words.cause, remedy)
    if troubled:
        cause = words_of(troubled[0].kind, troubled[0].status).cause
        return Verdict("good", "It was done, after trouble.", facts, cause, _NOTHING_TO_DO)
    return Verdict("good", "It was done.", facts)


def _bad(outcome: str, facts: tuple[tuple[str, str], ...], failed: Sequence[Happening]) -> Verdict:
    words = _telling(failed)
    return Verdict("bad", outcome, facts, words.cause, words.remedy)


def _telling(failed: Sequence[Happening]) -> Words:
    """The words of the failure that says most: of what was made, the provider, the request."""
    for one in failed:
        if one.kind == "request" and (words := words_of_answer(_said(one))):
            return words
    for kinds in (_CALLS_AND_THE_LIKE, ("revision",), ("attempt",), ("webhook", "job")):
        for one in reversed(failed):
            if one.kind in kinds and not _repeats(one, failed):
                return _words(one)
    return _words(failed[-1])


def _words(failure: Happening) -> Words:
    """Words for this status where it is known, else the sentence that its app found, if any."""
    said = _said(failure)
    if failure.kind == "request" and failure.status == "409" and said:
        return Words(said, words_of("request", "409").remedy)
    is_told = said != failure.status and not is_known(failure.kind, failure.status)
    if failure.kind in _CALLS_AND_THE_LIKE and is_told:
        return Words(said)
    return words_of(failure.kind, failure.status)


def _said(failure: Happening) -> str:
    return failure.summary.partition(": ")[2]


def _repeats(end: Happening, failed: Sequence[Happening]) -> bool:
    """Whether this is only how a refusal of the provider's went on."""
    return end.kind != "attempt" and any(one.kind == "attempt" for one in failed)


def _asked(request: Happening) -> Iterable[tuple[str, str]]:
    asked, _, said = request.summary.partition(": ")
    took = "" if request.duration_ms is None else f" after {duration(request.duration_ms)}"
    return (
        ("Asked", asked),
        ("Answer", f"{request.status}{took}" + (f": {said}" if said else "")),
    )


def _operations(entries: Sequence[Happening]) -> list[tuple[str, list[Happening]]]:
    """Attempts at the same thing, however much later."""
    found: dict[str, list[Happening]] = {}
    for one in entries:
        if one.kind == "attempt":
            found.setdefault(_ATTEMPT.sub("", one.summary), []).append(one)
    return list(found.items())


def _stumbled(tries: Sequence[Happening]) -> bool:
    return any(one.failed for one in tries)


def _answered(name: str, tries: Sequence[Happening]) -> str:
    """Outcome of the attempts at one thing."""
    first, last = tries[0], tries[-1]
    answers = list(dict.fromkeys(answer_of(one.status) for one in tries))
    if answers == [NOT_ASKED]:
        return name
    took = (last.at - first.at) / timedelta(milliseconds=1) + (last.duration_ms or 0)
    said = f"{name} {', then '.join(answers).replace('then answered', 'then')}"
    if len(tries) == 1:
        return f"{said} after {duration(took)}. AVA tried once."
    within = f"{len(tries)} times within {duration(took)}"
    if not last.failed:
        return f"{said}. AVA tried {within}; the last attempt went well."
    return f"{said}. AVA tried {within}, then gave up."


def _ends(entries: Sequence[Happening]) -> list[Happening]:
    """The last of each thing that came of it, and what else went wrong in the background."""
    ends: dict[str, Happening] = {}
    for one in entries:
        if one.kind in _CALLS_AND_THE_LIKE:
            ends[one.link] = one
        elif one.kind == "revision":
            ends[f"{one.link} {one.at}"] = one
        elif one.kind == "webhook" and (one.failed or is_waiting(one.status)):
            ends[f"webhook {one.at}"] = one
        elif one.kind == "job":
            ends["job"] = one
    job = ends.get("job")
    if job and not job.failed and (len(ends) > 1 or not is_waiting(job.status)):
        del ends["job"]  # it follows what is in the list already
    return list(ends.values())


def _became(end: Happening) -> str:
    said = end.summary.rpartition(": ")[2]
    return end.summary if said == end.status else f"{end.summary} ({end.status})"


def duration(ms: float) -> str:
    """A duration as people read it."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 120_000 else f"{ms / 60_000:.0f} min"
