"""Answers of providers in a story, as faults that have the sandbox give them again. Pure."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Final

from ava.recording.parts import Attempt, End, NotRepeatable
from ava.recording.scenario import Fault
from ava.recording.tracks import (
    BREAKER,
    NO_ANSWER,
    NOT_ASKED,
    SESSION,
    Happening,
    Names,
    attempt,
)

LONGEST_MS: Final = 250
"""An answer that took longer comes after this: what matters is which came first."""
SOON, LATE = "1", "60"
"""Seconds of Retry-After: AVA waits for the one, and not for the other."""
MOST_ATTEMPTS: Final = 3
_NTH: Final = re.compile(r", attempt (\d+)$")
_HANGS: Final = re.compile(r"deadline|.*Timeout")
_NEVER_SENT: Final = re.compile(r"NewConnection|NameResolution|ConnectTimeout|.*proxy|certificate")


@dataclass(frozen=True)
class Seen:
    """An attempt with what AVA saw of it."""

    attempt: Attempt
    nth: int  # in its operation
    cause: str
    latency_ms: int
    at: float
    ended_at: float


def read(story: Iterable[Happening], names: Names) -> list[Seen]:
    """The attempts of a story."""
    found: list[Seen] = []
    for one in story:
        asked = attempt(one, names) if one.kind == "attempt" else None
        if asked is None:
            continue
        made = Attempt(*asked)
        if made.status == "unreadable":
            _mark_unreadable(found, made)
            continue
        suffix = _NTH.search(one.summary)
        nth = int(suffix[1]) if suffix else 1
        latency = min(int(one.duration_ms), LONGEST_MS)
        ended_at = one.at + one.duration_ms / 1000
        found.append(Seen(made, nth, one.status, latency, one.at, ended_at))
    return found


def _mark_unreadable(found: list[Seen], made: Attempt) -> None:
    """The answer that turned out to be none is that of the last such attempt."""
    for at in reversed(range(len(found))):
        seen = found[at]
        if (seen.attempt.provider, seen.attempt.path) == (made.provider, made.path):
            found[at] = replace(seen, attempt=made)
            return


def faults(
    seen: Sequence[Seen],
    *,
    done: set[str],
    errors: Mapping[str, str],
    ends: Mapping[str, Sequence[End]] = MappingProxyType({}),
    repeating: Container[str] = (),
) -> dict[str, list[Fault]]:
    """What the sandbox is to do at each provider's requests, in order.

    Args:
        done: providers that did what they were asked, though no answer says so.
        errors: the provider's own code of what it refused.
        ends: of those that were asked for several things, what became of each.
        repeating: providers that AVA asks once more for a change, too.
    """
    answers: dict[str, list[Fault]] = {}
    asked = [one for one in seen if one.attempt.method != SESSION]
    for provider in dict.fromkeys(one.attempt.provider for one in asked):
        mine = [one for one in asked if one.attempt.provider == provider]
        repeats = provider in repeating
        answers[provider] = [_fault(one, after, repeats) for one, after in _with_next(mine)]
        changes = [at for at, one in enumerate(mine) if one.attempt.is_change]
        lost = [at for at in changes if mine[at].attempt.is_lost]
        taken = any(mine[at].attempt.is_taken for at in changes)
        if provider in done and lost and not taken:
            _lose(answers[provider][lost[-1]])
        asked_for = [at for at, one in enumerate(mine) if one.attempt.method != "GET"]
        refused = [at for at in asked_for if mine[at].attempt.status.startswith("4")]
        if provider in errors and refused:
            answers[provider][refused[-1]]["error"] = errors[provider]
        for end in ends.get(provider, ()):
            asked_at = (at for at in changes if mine[at].at >= end.asked_at)
            if (at := next(asked_at, None)) is not None:
                _end(answers[provider][at], mine[at].attempt, end)
    return answers


def _end(answer: Fault, made: Attempt, end: End) -> None:
    """Have the request end as this one did."""
    if end.is_done and made.is_lost:
        _lose(answer)
    if end.error and made.status.startswith("4"):
        answer["error"] = end.error


def _lose(answer: Fault) -> None:
    """Have the provider do what it is asked first."""
    answer["when"] = "after"
    answer.pop("delay_ms", None)  # callbacks do not wait for it


def _fault(one: Seen, following: Seen | None, repeats: bool) -> Fault:
    made = one.attempt
    is_repeated = following is not None and following.nth == one.nth + 1
    is_last = not is_repeated and one.nth < MOST_ATTEMPTS and _would_repeat(made, repeats)
    delayed: dict[str, Any] = {"delay_ms": one.latency_ms}
    if made.status == "unreadable":
        return {"kind": "garbage", **delayed}
    if made.status == NO_ANSWER:
        if _HANGS.match(one.cause) and not _NEVER_SENT.match(one.cause):
            return {"kind": "hang"}
        if _NEVER_SENT.match(one.cause) and made.method != "GET":
            raise NotRepeatable(
                f"{made.provider} could not be connected to, which the sandbox cannot play."
            )
        # Where AVA had no time for one more attempt it must have none again.
        return {"kind": "hang"} if is_last else {"kind": "reset", **delayed}
    if made.is_taken:
        return {"kind": "slow", **delayed}
    return {
        "kind": "status",
        "status": int(made.status),
        **_retry(made, is_repeated=is_repeated, is_last=is_last),
        **delayed,
    }


def _would_repeat(made: Attempt, repeats: bool) -> bool:
    """Whether AVA asks once more, if it has the time."""
    return made.method == "GET" or (repeats and not made.is_for_token)


def _retry(made: Attempt, *, is_repeated: bool, is_last: bool) -> dict[str, Any]:
    """The header Retry-After, where AVA did what it does only with one."""
    if made.status == "429":
        return {"headers": {"Retry-After": SOON}} if is_repeated else {}
    return {"headers": {"Retry-After": LATE}} if is_last and made.status >= "500" else {}


def refused(story: Iterable[Happening], names: Names) -> list[tuple[float, str]]:
    """When AVA did not ask a provider, and which. Raises: NotRepeatable."""
    found: list[tuple[float, str]] = []
    for one in story:
        if one.kind == "attempt" and (name := NOT_ASKED.match(one.summary)):
            if one.status == "provider_busy":
                raise NotRepeatable(
                    f"AVA had as many requests to {name['name']} under way as it may have: those "
                    "of others, which are not captured."
                )
            found.append((one.at, names.label(name["name"])))
    return found


def failures_before(
    story: Sequence[Happening], seen: Sequence[Seen], names: Names, *, threshold: int
) -> dict[str, int]:
    """How many failures in a row the breakers had counted when the story began, where it shows."""
    counted: dict[str, int] = {}
    for one in story:
        if one.kind == "attempt" and one.status == "provider_unavailable":
            label = names.label(one.summary.partition(" was not asked")[0])
            counted.setdefault(label, threshold)
        change = BREAKER.match(one.summary) if one.kind == "breaker" else None
        if change and (label := names.label(change["name"])) not in counted:
            own = _failed_operations(label, seen, before=one.at)
            counted[label] = max(threshold - own, 0) if change["before"] == "closed" else threshold
    return {label: number for label, number in counted.items() if number}


def _failed_operations(provider: str, seen: Sequence[Seen], *, before: float) -> int:
    mine = [one for one in seen if one.attempt.provider == provider and one.at <= before]
    ends = [one for one, after in _with_next(mine) if _is_last(one, after)]
    return sum(_counts(one.attempt.status) for one in ends)


def _with_next(seen: Sequence[Seen]) -> Iterator[tuple[Seen, Seen | None]]:
    return zip_longest(seen, seen[1:])


def _is_last(one: Seen, after: Seen | None) -> bool:
    return after is None or after.nth != one.nth + 1


def _counts(status: str) -> bool:
    return status == NO_ANSWER or status == "408" or (status.isdecimal() and status >= "500")
