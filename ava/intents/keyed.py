"""Exactly once at a provider that takes an idempotency key, or an ID that AVA makes.

    with transaction.atomic():
        keyed.begin(row)                      # the row, attempt 1, its job
        ...                                   # rows that belong to it
    row = keyed.carry_out(row, CHANNEL)       # in the request
    keyed.pursue(row, CHANNEL)                # in the job of `row.job`, registered in `ready()`

An attempt whose answer is lost leaves the row `unknown`, and its job sends the same request again
under the same key, which the provider answers as it did the first time, or does only now. After
the channel's `validity` a key means nothing any more: then the row stays `unknown`, and says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.utils import timezone

from ava import tenant
from ava.backup.holding import Restored
from ava.http.problems import Problem
from ava.intents.models import Intent
from ava.intents.states import FAILED, PENDING, UNKNOWN
from ava.intents.timeline import AnyIntent, Source, changing, follow_up, note, rows_of
from ava.jobs import RetryLater
from ava.jobs import services as jobs
from ava.jobs.models import Job
from ava.upstream import ProviderAuthFailed, ProviderProblem, ProviderRateLimited
from ava.upstream.errors import ProviderUnreachable

Row = TypeVar("Row", bound=Intent, contravariant=True)

# Seconds between two attempts at a provider in trouble: short at first, as a person may be waiting.
SHORTEST, LONGEST = 2.0, 900.0

_ONCE = "No answer came: the {word} may have gone out, or not. AVA does not send it a second time."
_TOO_LATE = "No answer came in a day: the {word} may have gone out, or not."


@dataclass(frozen=True)
class Receipt:
    """A provider's answer to an intent that it has taken."""

    status: str  # a word of the row's machine
    fields: Mapping[str, Any] = field(default_factory=dict)  # columns, such as the provider's ID
    detail: str = ""  # for the timeline


class Overtaken(Exception):
    """Raised by `Channel.send`: another process has taken the attempt over; nothing was sent."""


class Channel(Protocol[Row]):
    """Channel by which one kind of intent is sent."""

    validity: timedelta  # from the row's creation: no attempt is made after it

    def send(self, row: Row) -> Receipt:
        """Ask the provider, under the row's key. Raises: Overtaken, Problem. ProviderUnreachable
        that is not `unsent` means that the answer is lost."""

    def may_repeat(self, row: Row) -> bool:
        """Whether a second arrival of an attempt that was lost does no harm."""

    def proves_absence(self, row: Row, problem: Problem) -> bool:
        """Whether what was lost certainly never arrived, after an attempt that ended so."""

    def divert(self, row: Row, problem: Problem) -> bool:
        """Point the row, of which certainly nothing was done, to another provider; it is locked,
        and saved afterwards. False: there is none."""


def begin(row: Intent) -> None:
    """Store a new intent with its first attempt claimed, and the job that looks after it. To be
    called in a transaction."""
    now = timezone.now()
    row.status, row.attempt, row.attempted_at = PENDING, 1, now
    row.created_at = row.updated_at = now
    row.save(force_insert=True)
    note(row, source=Source.API, detail="attempt 1", now=now)
    follow_up(row, due_at=now + settle(), is_new=True)


def carry_out(row: AnyIntent, channel: Channel[AnyIntent]) -> AnyIntent:
    """Make the attempt that `begin` has claimed. The row: taken, or `unknown`.

    Raises: Problem: it was not done, and will not be. The row says `failed`, and the same
    Idempotency-Key may begin again.
    """
    row = _attempt(row, channel, source=Source.API)
    if row.status == UNKNOWN and not channel.may_repeat(row):
        return give_up(row, _ONCE.format(word=row.word))
    if row.status == UNKNOWN:
        follow_up(row, due_at=timezone.now() + timedelta(seconds=SHORTEST))
    return row


def pursue(row: AnyIntent, channel: Channel[AnyIntent]) -> None:
    """Do what is to be done about it now. Raises RetryLater: there is more to do later."""
    now = timezone.now()
    if row.status not in (PENDING, UNKNOWN):
        return
    wait = row.attempted_at + settle() - now if row.attempted_at else timedelta(0)
    if wait > timedelta(0):
        raise RetryLater(wait.total_seconds(), "it may still be on its way")
    if row.status == PENDING:
        row = leave_open(row, "AVA stopped in the middle.", source=Source.RECONCILE)
    if not channel.may_repeat(row):
        give_up(row, _ONCE.format(word=row.word))
        return
    if now > row.created_at + channel.validity:
        give_up(row, _TOO_LATE.format(word=row.word))
        return
    claimed = _claim(row, now=now)
    if claimed is None:
        raise RetryLater(SHORTEST, "another attempt is under way")
    try:
        row = _attempt(claimed, channel, source=Source.RECONCILE)
    except Problem as problem:
        if _passes(problem):
            raise _later(claimed, problem) from None
        return
    if row.status == UNKNOWN and channel.may_repeat(row):
        raise _later(row, None)
    if row.status == UNKNOWN:
        give_up(row, _ONCE.format(word=row.word))


def never_left(problem: Problem) -> bool:
    """Whether the provider certainly did not look at it, so that it may be sent again."""
    if not isinstance(problem, ProviderProblem) or isinstance(problem, ProviderAuthFailed):
        return False
    return problem.unsent or isinstance(problem, ProviderRateLimited)


def is_lost(problem: Problem) -> bool:
    """Whether it may have been done although this came of it."""
    lost = isinstance(problem, ProviderUnreachable) and not problem.unsent
    return lost or (isinstance(problem, ProviderProblem) and problem.lost)


def _passes(problem: Problem) -> bool:
    """Whether a job, which no person waits for, may try again what was not done."""
    return never_left(problem) or is_lost(problem)


def settle() -> timedelta:
    """Time after which nothing that was sent is still on its way."""
    return timedelta(seconds=settings.INTENT_SETTLE_SECONDS)


def leave_open(row: AnyIntent, why: str, *, source: str) -> AnyIntent:
    """Say that it is not known what became of it."""
    with changing(row) as locked:
        if locked.status in (PENDING, UNKNOWN):
            is_new = locked.status == PENDING
            if locked.attempt == row.attempt:
                locked.attempted_at = None  # it has ended
            _change(locked, UNKNOWN)
            detail = f"{why} AVA is finding out what became of it."
            if is_new or locked.timeline.filter(detail=detail).last() is None:
                note(locked, source=source, detail=detail, now=timezone.now())
    return locked


def give_up(row: AnyIntent, why: str) -> AnyIntent:
    """Leave it `unknown` for good, with the reason."""
    with changing(row) as locked:
        if locked.status == UNKNOWN and not locked.error:
            locked.error = why
            note(locked, source=Source.RECONCILE, detail=why, now=timezone.now())
    return locked


def hold(model: type[AnyIntent], restored: Restored) -> int:
    """Leave what was open in a backup `unknown` for good: it may have been done since, under a key
    that means nothing any more."""
    rows = rows_of(model()).filter(status__in=(PENDING, UNKNOWN), error="")
    for row in rows:
        with changing(row) as locked:
            locked.attempted_at = None
            locked.error = f"{restored.reason} The {row.word} may have gone out since, or not."
            _change(locked, UNKNOWN)
            note(locked, source=Source.RECONCILE, detail=locked.error, now=restored.now)
    Job.objects.filter(kind=model.job).delete()
    return len(rows)


def fail(row: AnyIntent, detail: str, *, source: str) -> AnyIntent:
    """Fail an intent: it was not done and will not be. Where that is answered, its Idempotency-Key
    is free."""
    with changing(row) as locked:
        if locked.attempt == row.attempt and locked.status in (PENDING, UNKNOWN):
            locked.attempted_at, locked.error = None, detail[:400]
            if source == Source.API:
                locked.idempotency = None
            _change(locked, FAILED)
            note(locked, source=source, detail=detail, now=locked.updated_at)
    return locked


def revive(model: type[AnyIntent], *, within: timedelta) -> int:
    """Schedule the jobs that were given up, of rows made within this time. Their number."""
    open_rows = rows_of(model()).filter(
        status__in=(PENDING, UNKNOWN), error="", created_at__gte=timezone.now() - within
    )
    waiting = jobs.waiting(model.job)
    lost = [row for row in open_rows.only("pk", "owner") if str(row.pk) not in waiting]
    for row in lost:
        with tenant.bind(tenant.key(row.owner_id)):
            follow_up(row, due_at=timezone.now())
    return len(lost)


def _attempt(row: AnyIntent, channel: Channel[AnyIntent], *, source: str) -> AnyIntent:
    """Make the attempt that is claimed, elsewhere where the channel knows another provider."""
    while True:
        assert row.attempted_at is not None  # noqa: S101 - it is claimed
        if timezone.now() - row.attempted_at > settle() / 4:
            # This process was held up. By the time it sends, another may make the next attempt.
            return leave_open(row, "Held up before it was sent.", source=source)
        try:
            receipt = channel.send(row)
        except Overtaken:
            return rows_of(row).get(pk=row.pk)
        except Problem as problem:
            is_open = is_lost(problem) or row.status == UNKNOWN
            if is_open and not channel.proves_absence(row, problem):
                why = "No answer." if is_lost(problem) else f"Not sent again: {problem.detail}"
                return leave_open(row, why, source=source)
            current = _diverted(row, channel, problem, source)
            if current is None:
                is_over = source == Source.API or not _passes(problem)
                current = fail(row, problem.detail, source=source) if is_over else _ended(row)
                if current.attempt == row.attempt:
                    raise
                return current  # another process has taken it over
            row = current
        else:
            return _taken(row, receipt, source)


def _taken(row: AnyIntent, receipt: Receipt, source: str) -> AnyIntent:
    with changing(row) as locked:
        locked.attempted_at = None
        for name, value in receipt.fields.items():
            setattr(locked, name, value)
        if locked.machine.after(locked.status, receipt.status):
            locked.error = ""
            _change(locked, receipt.status)
            note(locked, source=source, detail=receipt.detail, now=locked.updated_at)
    return locked


def _ended(row: AnyIntent) -> AnyIntent:
    """Note that the attempt is not under way any more, and that it did nothing."""
    with changing(row) as locked:
        if locked.attempt == row.attempt:
            locked.attempted_at = None
    return locked


def _change(locked: Intent, status: str) -> None:
    if locked.status != status:
        locked.status, locked.updated_at = status, timezone.now()
        locked.status_changed()


def _diverted(
    row: AnyIntent, channel: Channel[AnyIntent], problem: Problem, source: str
) -> AnyIntent | None:
    """The row with the next attempt claimed, at another provider. None: there is none."""
    now = timezone.now()
    with changing(row) as locked:
        if locked.attempt != row.attempt or locked.status not in (PENDING, UNKNOWN):
            return None
        if not channel.divert(locked, problem):
            return None
        locked.status, locked.attempt, locked.attempted_at = PENDING, locked.attempt + 1, now
        detail = f"{problem.detail} Attempt {locked.attempt} goes another way."
        note(locked, source=source, detail=detail, now=now)
    return locked


def _claim(row: AnyIntent, *, now: datetime) -> AnyIntent | None:
    """Claim the next attempt, so that only the caller makes it. None: another has it."""
    same = rows_of(row).filter(pk=row.pk, attempt=row.attempt, status__in=(PENDING, UNKNOWN))
    if not same.update(attempt=row.attempt + 1, attempted_at=now):
        return None
    row.attempt, row.attempted_at = row.attempt + 1, now
    return row


def _later(row: Intent, problem: Problem | None) -> RetryLater:
    """Time of the next attempt: the longer it is open, the later."""
    quiet = (timezone.now() - row.created_at).total_seconds()
    wait = (problem.retry_after if problem else None) or min(max(quiet / 4, SHORTEST), LONGEST)
    return RetryLater(float(wait), problem.detail if problem else "no answer")
