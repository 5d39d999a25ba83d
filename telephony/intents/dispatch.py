"""Dispatch of an intent: done once, with a known outcome.

An attempt is claimed and numbered in the row before anything is sent, together with the job that
asks the provider what became of it (`telephony.intents.settling`) before the next one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ava import upstream
from ava.http.problems import Problem, ValidationFailed
from ava.intents.states import FAILED, PENDING, SCHEDULED, UNKNOWN, UNSENT
from ava.intents.timeline import Source, changing, follow_up, lock, note
from ava.upstream import ProviderAuthFailed, ProviderProblem, ProviderRateLimited
from ava.upstream.errors import ProviderUnreachable
from telephony.intents import adoption
from telephony.intents.channel import Account, Channel, ProviderRecord
from telephony.intents.models import Communication
from telephony.intents.timeline import SOON, AnyCommunication, advance, observe, settle

Clock = Callable[[], datetime]
LOST = ProviderRecord("", UNKNOWN)


def submit(intent: AnyCommunication, channel: Channel) -> AnyCommunication:
    """Store a new intent and send it, or leave it to its job where it is for later. The row is
    `unknown` where the provider's answer was lost.

    Raises: ProviderUnavailable, ProviderBusy, ValidationFailed: nothing is stored; any other
        Problem: it was not done, and will not be; the row says `failed`.
    """
    now = timezone.now()
    if intent.send_at and intent.send_at <= now:
        raise ValidationFailed(errors={"send_at": ["This moment has passed."]})
    later = intent.send_at is not None
    if not later:
        upstream.door(channel.provider).require_room()
    intent.status = SCHEDULED if later else PENDING
    intent.created_at = intent.updated_at = now
    intent.expires_at = (intent.send_at or now) + _validity(intent)
    with transaction.atomic():
        if not later:
            intent.attempt, intent.attempted_at, intent.first_attempt_at = 1, now, now
        intent.save(force_insert=True)
        note(intent, source=Source.API, detail="" if later else "attempt 1", now=now)
        follow_up(intent, due_at=intent.send_at or now + settle(), is_new=True)
    if later:
        return intent
    try:
        row = attempt(intent, channel)
    except Problem as problem:
        # Nothing was done: the same Idempotency-Key may begin again.
        fail(intent, problem, source=Source.API, now=timezone.now(), frees_key=True)
        raise
    if row.reference and not channel.reports(row):
        follow_up(row, due_at=timezone.now() + SOON)
    return row


def claim(intent: AnyCommunication, *, account: Account, now: datetime) -> AnyCommunication | None:
    """Claim the next attempt, so that only the caller makes it. To be called where nothing can be
    on its way, and where a job already looks after the row: its own that runs now, or `follow_up`
    in the same transaction. None: another has it, or it is not to be made any more."""
    with transaction.atomic():
        row = lock(intent)
        is_as_seen = row.attempt == intent.attempt and row.reference is None
        if not is_as_seen or row.stop_requested or row.status not in UNSENT:
            return None
        if row.status == SCHEDULED:
            row.status, row.updated_at = PENDING, now
        row.attempt += 1
        row.attempted_at, row.missing_since, row.error = now, None, ""
        row.account_sid, row.holder = account.sid, account.holder
        row.first_attempt_at = row.first_attempt_at or now
        row.expires_at = row.expires_at or now + _validity(row)
        row.save()
        detail = f"attempt {row.attempt}{_lateness(row, now)}"
        note(row, source=Source.RECONCILE, detail=detail, now=now)
    return row


def attempt(
    intent: AnyCommunication, channel: Channel, *, clock: Clock = timezone.now
) -> AnyCommunication:
    """Make the attempt that is claimed. The row: taken by the provider, or `unknown`. Raises
    Problem: it was not done; `never_left` says whether trying again makes sense."""
    assert intent.attempted_at is not None  # noqa: S101 - it is claimed
    if clock() - intent.attempted_at > settle() / 4:
        # This process was held up. By the time it sends, another may have made the next attempt.
        return _left_open(intent, "Held up before it was sent.", clock())
    try:
        record = channel.send(intent)
    except ProviderUnreachable as problem:
        if problem.unsent:
            raise
        return _left_open(intent, "No answer.", clock())
    row, _ = adoption.adopt(intent, record, source=Source.API, proven=True, now=clock())
    return row


def never_left(problem: Problem) -> bool:
    """Whether the provider certainly did not look at it, so that it may be sent again."""
    if not isinstance(problem, ProviderProblem) or isinstance(problem, ProviderAuthFailed):
        return False
    return problem.unsent or isinstance(problem, ProviderRateLimited)


def fail(
    intent: Communication, problem: Problem, *, source: str, now: datetime, frees_key: bool = False
) -> None:
    """Fail an intent: it was not done and will not be."""
    with changing(intent) as row:
        row.attempted_at = row.missing_since = None
        if frees_key:
            row.idempotency = None
        code = getattr(problem, "twilio_code", None)
        record = ProviderRecord("", FAILED, error=problem.detail, error_code=code)
        advance(row, record, source=source, detail=problem.detail, now=now)


def _left_open(intent: AnyCommunication, why: str, now: datetime) -> AnyCommunication:
    detail = f"{why} AVA is finding out what became of it."
    return observe(intent, LOST, source=Source.API, detail=detail, now=now)


def _lateness(row: AnyCommunication, now: datetime) -> str:
    """Delay against the time that was wanted, in words, where it is more than a minute."""
    late = int((now - row.send_at) / timedelta(minutes=1)) if row.send_at else 0
    return f", {late} minute{'s' if late > 1 else ''} after its time" if late > 0 else ""


def _validity(intent: AnyCommunication) -> timedelta:
    return timedelta(seconds=settings.TELEPHONY_VALIDITY_SECONDS[intent.word])
