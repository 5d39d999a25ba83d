"""Sending an intent so that it is done once, and knowing what became of it.

The order is what makes it safe. An attempt is claimed and numbered in the row before anything is
sent, together with the job that will look after it. Whoever dies after that leaves a trace, and
`telephony.intents.settling` finds out at the provider what it was worth before anybody tries again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from ava import upstream
from ava.jobs import services as jobs
from ava.problems import Problem, ValidationFailed
from ava.upstream import ProviderAuthFailed, ProviderProblem, ProviderRateLimited
from ava.upstream.errors import ProviderUnreachable
from telephony.intents import sharing
from telephony.intents.channel import Account, Channel
from telephony.intents.states import FAILED, PENDING, SCHEDULED, UNKNOWN, UNSENT
from telephony.intents.timeline import (
    AnyIntent,
    Source,
    advance,
    facts_of,
    forget,
    lock,
    note,
    observe,
    rows_of,
)
from telephony.twilio.resources import Sighting

log = structlog.get_logger("telephony")

Clock = Callable[[], datetime]

SOON = timedelta(seconds=2)
"""Of what the provider does not tell by itself, AVA asks after this."""

END_DUPLICATE = "telephony.end_duplicate"


def submit(intent: AnyIntent, channel: Channel, *, clock: Clock = timezone.now) -> AnyIntent:
    """Store a new intent and send it, or leave it to its job where it is for later.

    Returns:
        The row: taken by the provider, or `unknown` where the answer was lost.

    Raises:
        ProviderUnavailable, ProviderBusy: nothing was tried, and nothing is stored.
        ValidationFailed: likewise; its time has passed.
        Problem: it was not done, and will not be; the row says `failed`.
    """
    now = clock()
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
        follow_up(intent, due_at=intent.send_at or now + settle())
    if later:
        return intent
    try:
        row = attempt(intent, channel, clock=clock)
    except Problem as problem:
        # Nothing was done: the same Idempotency-Key may begin anew.
        fail(intent, problem, source=Source.API, now=clock(), frees_key=True)
        raise
    if row.reference and not channel.is_told(row):
        follow_up(row, due_at=clock() + SOON)
    return row


def claim(intent: AnyIntent, *, account: Account, now: datetime) -> AnyIntent | None:
    """Claim the next attempt, so that only the caller makes it. To be called where nothing can be
    on its way, and where a job already looks after the row: its own that runs now, or `follow_up`
    in the same transaction.

    Args:
        account: that it goes out with, as `Channel.prepare` says.

    Returns:
        The row; None: somebody else has it, or it is not to be made any more.
    """
    with transaction.atomic():
        claimed = (
            rows_of(intent)
            .filter(
                pk=intent.pk,
                attempt=intent.attempt,
                status__in=UNSENT,
                stop_requested=False,
                **{intent.reference_field: None},
            )
            .update(
                attempt=F("attempt") + 1,
                attempted_at=now,
                missing_since=None,
                account_sid=account.sid,
                holder=account.holder,
                error="",
            )
        )
        if not claimed:
            return None
        row = lock(intent)
        if row.status == SCHEDULED:
            row.status, row.updated_at = PENDING, now
        row.first_attempt_at = row.first_attempt_at or now
        row.expires_at = row.expires_at or now + _validity(row)
        row.save()
        said = f"attempt {row.attempt}{_lateness(row, now)}"
        note(row, source=Source.RECONCILE, detail=said, now=now)
    return row


def attempt(intent: AnyIntent, channel: Channel, *, clock: Clock = timezone.now) -> AnyIntent:
    """Make the attempt that is claimed.

    Returns:
        The row: taken by the provider, or `unknown`.

    Raises:
        Problem: it was not done. `never_left` tells whether trying again makes sense.
    """
    assert intent.attempted_at is not None  # noqa: S101 - it is claimed
    if clock() - intent.attempted_at > settle() / 4:
        # This process was held up. By the time it sends, another may have made the next attempt.
        return _left_open(intent, "Held up before it was sent.", clock())
    try:
        sighting = channel.send(intent)
    except ProviderUnreachable as problem:
        if problem.unsent:
            raise
        return _left_open(intent, "No answer.", clock())
    row, _ = adopt(intent, sighting, source=Source.API, proven=True, now=clock())
    return row


def never_left(problem: Problem) -> bool:
    """Whether the provider certainly did not look at it, so that it may be sent again."""
    if not isinstance(problem, ProviderProblem) or isinstance(problem, ProviderAuthFailed):
        return False
    return problem.unsent or isinstance(problem, ProviderRateLimited)


def adopt(
    intent: AnyIntent, sighting: Sighting, *, source: str, proven: bool, now: datetime
) -> tuple[AnyIntent, bool]:
    """Take what was seen at the provider for this intent.

    Args:
        proven: it is this one's: the provider's own answer, or it carries AVA's mark. Without
            that it only looks like it, which gives way to proof.

    Returns:
        The row, and whether it is the one that was seen. A second one with the mark is stopped,
        where that can be done.
    """
    try:
        return _adopt(intent, sighting, source, proven, now)
    except IntegrityError:
        # Another one took it this very moment: now it can be seen, and may have to give way.
        return _adopt(intent, sighting, source, proven, now)


@transaction.atomic
def _adopt(
    intent: AnyIntent, sighting: Sighting, source: str, proven: bool, now: datetime
) -> tuple[AnyIntent, bool]:
    row = _lock_in_order(intent, sighting, proven=proven)
    if row.reference != sighting.sid:
        misled = row.guessed and proven
        if not misled and (row.reference or row.is_final):
            if proven:
                _stop_duplicate(row, sighting.sid, now)
            return row, False
        if not _free(row, row.reference_field, sighting.sid, proven=proven, now=now):
            return row, False
        if misled:
            _disown(row, now)
        setattr(row, row.reference_field, sighting.sid)
        row.guessed = not proven
        if row.stop_requested:
            follow_up(row, due_at=now)
    elif proven:
        row.guessed = False
    row.attempted_at = row.missing_since = None
    if not row.is_final:
        row.error = ""  # of a time when nobody could look
    facts = facts_of(sighting, row)
    # The leg at Twilio of a call that Vapi leads: Vapi knows whose it is.
    leg = facts.get("provider_sid")
    if leg and not _free(row, "provider_sid", leg, proven=True, now=now):
        del facts["provider_sid"]
    told_at = sighting.told_at or now
    advance(row, told=sighting.status, source=source, now=told_at, facts=facts)
    row.save()
    return row, True


def _lock_in_order(intent: AnyIntent, sighting: Sighting, *, proven: bool) -> AnyIntent:
    """The row, locked together with its rivals for what was seen, and all in the same order: two
    that hold what is the other's would wait for each other for ever."""
    wanted = Q(**{intent.reference_field: sighting.sid})
    if leg := sighting.more.get("provider_sid"):
        wanted |= Q(provider_sid=leg)
    if not proven and intent.reference != sighting.sid:
        wanted |= sharing.lost_alike(intent)  # any of them may take it at this moment
    theirs = sharing.rivals(intent, rows_of(intent).filter(wanted))
    rows = rows_of(intent).select_for_update()
    found = rows.filter(Q(pk=intent.pk) | Q(pk__in=[row.pk for row in theirs])).order_by("pk")
    return {row.pk: row for row in found}[intent.pk]


def fail(
    intent: AnyIntent, problem: Problem, *, source: str, now: datetime, frees_key: bool = False
) -> AnyIntent:
    """It was not done and will not be."""
    with transaction.atomic():
        row = lock(intent)
        row.attempted_at = row.missing_since = None
        if frees_key:
            row.idempotency = None
        facts = {"error": problem.detail, "error_code": getattr(problem, "twilio_code", None)}
        advance(row, told=FAILED, source=source, detail=problem.detail, now=now, facts=facts)
        row.save()
    return row


def follow_up(intent: AnyIntent, *, due_at: datetime) -> None:
    """Have the job look after it at that time, or earlier if it will anyway."""
    jobs.enqueue(intent.job, {"id": str(intent.pk)}, key=str(intent.pk), due_at=due_at)


def settle() -> timedelta:
    """After this nothing that was sent is still on its way."""
    return timedelta(seconds=settings.TELEPHONY_SETTLE_SECONDS)


def _left_open(intent: AnyIntent, why: str, now: datetime) -> AnyIntent:
    said = f"{why} AVA is finding out what became of it."
    return observe(intent, told=UNKNOWN, source=Source.API, detail=said, now=now)


def _lateness(row: AnyIntent, now: datetime) -> str:
    """For people: how much later than wanted this is, where that is more than a minute."""
    late = int((now - row.send_at) / timedelta(minutes=1)) if row.send_at else 0
    return f", {late} minute{'s' if late > 1 else ''} after its time" if late > 0 else ""


def _validity(intent: AnyIntent) -> timedelta:
    return timedelta(seconds=settings.TELEPHONY_VALIDITY_SECONDS[intent.word])


def _free(row: AnyIntent, field: str, sid: str, *, proven: bool, now: datetime) -> bool:
    """Whether the provider's `sid` can be this row's. One that only guessed it must give it up."""
    holding = rows_of(row).filter(**{field: sid}).exclude(pk=row.pk)
    others = [lock(one) for one in sharing.rivals(row, holding)]
    if not all(proven and one.guessed for one in others):
        return False
    for one in others:
        _disown(one, now)
        one.attempted_at = now  # to be looked for anew
        one.save()
    return True


def _disown(row: AnyIntent, now: datetime) -> None:
    """It was taken for what is another one's: nothing that was known of it holds, not even its
    end. The timeline says so."""
    end = f", and so was {row.status}" if row.is_final else ""
    said = f"{row.reference} was another one's{end}. AVA is finding out what became of this one."
    setattr(row, row.reference_field, None)
    row.guessed = False
    row.status, row.updated_at = UNKNOWN, now
    forget(row)
    note(row, source=Source.RECONCILE, detail=said, now=now)
    follow_up(row, due_at=now + settle())


def _stop_duplicate(row: AnyIntent, sid: str, now: datetime) -> None:
    said = f"{sid} was placed as well and is stopped."
    if not row.can_be_stopped:
        said = f"{sid} went out as well; a {row.word} cannot be taken back."
    if not row.timeline.filter(detail=said).exists():
        log.warning("a second one was placed", kind=row.word, id=str(row.pk), sid=sid)
        note(row, source=Source.RECONCILE, detail=said, now=now)
    if row.can_be_stopped:
        payload = {"id": str(row.pk), "sid": sid}
        jobs.enqueue(END_DUPLICATE, payload, key=f"{row.pk} {sid}")
