"""Promises of a drill: what AVA promises of an outage, held against what was seen; pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

RECOVERY: Final = 5
"""Seconds for which the breaker of a drill stays open: shorter than AVA's default of 30."""
THRESHOLD: Final = 3
FAST: Final = 0.5
"""Seconds within which a refusal is fast, on a machine that does other things, too."""
ALERT: Final = "AvaBreakerOpen"
LINGERING: Final = ("AvaErrorRate", "AvaSlow")
"""Alerts on the last five minutes, which still hold the outage when it is over."""

Alerts = Mapping[str, str]
"""Alerts whose expression is true, each with its state: pending (it waits, to see whether that
lasts) or firing."""


@dataclass(frozen=True)
class Reply:
    """Reply that a user of AVA's got."""

    status: int
    seconds: float
    detail: str = ""
    retry_after: int = 0
    is_traced: bool = True  # it carries the ID that the request had
    correlation_id: str = ""
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """Events of a drill, as they were seen."""

    name: str  # of the provider, in sentences
    failing: list[Reply] = field(default_factory=list)  # until the breaker opened
    refused: list[Reply] = field(default_factory=list)  # while it was open
    arrived: int = 0  # requests that reached the provider while it was open
    burst: list[Reply] = field(default_factory=list)  # at once, when the recovery time was over
    probes: int = 0  # of them that reached the provider
    recovered: float = math.inf  # seconds from the provider's recovery to the breaker's
    bystander: Reply | None = None  # another provider, meanwhile
    copy: Reply | None = None  # a read that may be answered from a copy
    written: Reply | None = None  # what was to be changed or sent during the outage
    done_meanwhile: int = 0  # how often the provider had done that when it was over
    again: Reply | None = None  # the same, afterwards
    done: int = 0
    alerts: tuple[Alerts, Alerts] | None = None  # in the outage, afterwards

    @property
    def replies(self) -> list[Reply]:
        more = (self.bystander, self.copy, self.written, self.again)
        return [*self.failing, *self.refused, *self.burst, *(one for one in more if one)]


@dataclass(frozen=True)
class Row:
    promise: str
    promised: str
    seen: str
    kept: bool | None  # None: it could not be seen here


def rows(seen: Seen) -> Iterator[Row]:
    """The table of promised against seen."""
    yield _opens(seen)
    yield _fast(seen)
    yield _sentences(seen)
    yield Row(
        "protects",
        "nothing reaches the provider while it is open",
        f"{seen.arrived} of {len(seen.refused)} requests",
        seen.arrived == 0,
    )
    yield Row(
        "one probe",
        "1 request tries again, all others are refused",
        f"{seen.probes} of {len(seen.burst)} at once",
        seen.probes == 1,
    )
    most = RECOVERY + 2
    yield Row(
        "recovery",
        f"closed at most {most} s after the provider is well",
        f"{seen.recovered:.1f} s",
        seen.recovered <= most,
    )
    if seen.bystander:
        status = seen.bystander.status
        yield Row("others", "other providers go on", f"answered {status}", status == 200)
    if seen.copy:
        stale = seen.copy.status == 200 and seen.copy.body.get("stale") is True
        answer = "200, marked stale" if stale else f"answered {seen.copy.status}"
        yield Row("last values", "reads get the last copy, marked so", answer, stale)
    yield _nothing_lost(seen)
    untraced = sum(not one.is_traced for one in seen.replies)
    yield Row(
        "traced",
        "every answer carries its correlation ID",
        f"{len(seen.replies) - untraced} of {len(seen.replies)}",
        untraced == 0,
    )
    yield _alerts(seen)


def _opens(seen: Seen) -> Row:
    statuses = [one.status for one in seen.failing]
    return Row(
        "opens",
        f"after {THRESHOLD} failures in a row",
        f"after {len(statuses)}" if seen.refused else "never",
        statuses == [502] * THRESHOLD and bool(seen.refused),
    )


def _fast(seen: Seen) -> Row:
    slowest = max((one.seconds for one in seen.refused), default=math.inf)
    statuses = {one.status for one in seen.refused}
    return Row(
        "fail fast",
        f"503 within {FAST * 1000:.0f} ms",
        f"{len(seen.refused)} refusals, the slowest in {slowest * 1000:.0f} ms",
        statuses == {503} and slowest <= FAST,
    )


def _sentences(seen: Seen) -> Row:
    wrong = [one for one in seen.failing if one.detail != _unreachable(seen.name)]
    wrong += [
        one
        for one in seen.refused
        if one.retry_after < 1 or one.detail != _unavailable(seen.name, one.retry_after)
    ]
    return Row(
        "sentence",
        "what is wrong, and when to try again (Retry-After)",
        f"otherwise in {len(wrong)}: {wrong[0].detail}" if wrong else "in all",
        not wrong,
    )


def _unreachable(name: str) -> str:
    return f"Connection to {name} failed. Please try again later."


def _unavailable(name: str, seconds: int) -> str:
    return f"{name} is temporarily unavailable. Please try again in {seconds}s."


def _nothing_lost(seen: Seen) -> Row:
    refused = seen.written is not None and seen.written.status == 503
    good = seen.again is not None and seen.again.status < 300
    return Row(
        "nothing lost",
        "refused whole, then done once",
        f"done {seen.done_meanwhile} times in the outage, {seen.done} in all",
        refused and good and (seen.done_meanwhile, seen.done) == (0, 1),
    )


def _alerts(seen: Seen) -> Row:
    promised = f"{ALERT} in the outage; afterwards only rates of 5 min wait"
    if seen.alerts is None:
        return Row("alerts", promised, "left out: no Prometheus is installed here", None)
    during, after = seen.alerts
    said = f"in the outage {_named(during)}; afterwards {_named(after)}"
    left = all(name in LINGERING and state == "pending" for name, state in after.items())
    return Row("alerts", promised, said, ALERT in during and left)


def _named(alerts: Alerts) -> str:
    return " and ".join(f"{name} {state}" for name, state in sorted(alerts.items())) or "none"


def all_kept(found: Sequence[Row]) -> bool:
    return all(row.kept is not False for row in found)
