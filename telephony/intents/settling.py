"""Settlement of an intent: followed to its end, fetched where no report came, found where lost.

The job of each intent calls `pursue`, again and again, until there is nothing more to learn.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from ava import upstream
from ava.http.problems import Problem
from ava.intents.states import CANCELED, FAILED, UNKNOWN
from ava.intents.timeline import Source, changing, note, rows_of
from ava.jobs import RetryLater
from ava.upstream import ProviderAuthFailed, ProviderBusy, ProviderProblem, ProviderUnavailable
from telephony.intents import adoption, dispatch, timeline
from telephony.intents.channel import Channel, ProviderRecord
from telephony.intents.models import Communication
from telephony.intents.timeline import AnyCommunication, observe

# A host's clock and the provider's may differ by this.
CLOCKS_DIFFER = timedelta(minutes=2)
# Between two looks at one that goes on.
SHORTEST, LONGEST = timedelta(seconds=20), timedelta(minutes=15)
# Between two questions to a provider in trouble; short at first, as a person may be waiting.
IMPATIENCE, PATIENCE = 2.0, 15.0
# After this long without news, none is expected any more.
FORGOTTEN = timedelta(days=2)
GIVEN_UP = "AVA could not find out what became of it:"

Send = Callable[[Any, Channel], None]


def next_attempt(intent: Communication, channel: Channel) -> None:
    """Send what is not at the provider. Raises RetryLater: when to look after it."""
    now = timezone.now()
    if intent.stop_requested:
        observe(intent, ProviderRecord("", CANCELED), source=Source.RECONCILE, now=now)
        return
    if intent.expires_at and now > intent.expires_at:
        _fail(intent, f"It did not reach the provider in time. Nobody got this {intent.word}.", now)
        return
    try:
        account = channel.prepare(intent)
        upstream.door(channel.provider).require_room()
    except (ProviderUnavailable, ProviderBusy) as problem:
        # Nothing to write down: it would be refused, again and again.
        raise _soon(intent, problem, now) from None
    except Problem as problem:
        dispatch.fail(intent, problem, source=Source.RECONCILE, now=now)
        return
    claimed = dispatch.claim(intent, account=account, now=now)
    if claimed is None:
        raise RetryLater(1.0, "it has changed meanwhile")
    try:
        row = dispatch.attempt(claimed, channel)
    except Problem as problem:
        if not dispatch.never_left(problem):
            dispatch.fail(claimed, problem, source=Source.RECONCILE, now=timezone.now())
            return
        with changing(claimed) as row:
            row.attempted_at = None  # the next attempt need not look for this one
            detail = f"Not sent: {problem.detail}"
            note(row, source=Source.RECONCILE, detail=detail, now=timezone.now())
        raise _soon(claimed, problem, timezone.now()) from None
    if row.status == UNKNOWN:
        raise RetryLater(settings.TELEPHONY_SETTLE_SECONDS, "no answer")
    raise RetryLater(timeline.SOON.total_seconds(), "sent")


def pursue(intent: Communication, channel: Channel, *, send: Send = next_attempt) -> None:
    """Do what is to be done about it now; `send` where it is not at the provider.
    Raises RetryLater: there is more to do later."""
    now = timezone.now()
    quiet = now - intent.updated_at
    if intent.is_final or (intent.status in intent.machine.resting and quiet > FORGOTTEN):
        return
    if intent.reference:
        _follow(intent, channel, now)
    elif intent.attempt == 0 and intent.send_at and now < intent.send_at:
        raise RetryLater((intent.send_at - now).total_seconds(), "its time has not come")
    elif intent.attempted_at is None or _is_lost(intent, channel):
        send(intent, channel)


def backfill(intent: AnyCommunication, channel: Channel) -> None:
    """Fetch what no report brought of one that has ended: its price, its transcript. Raises
    RetryLater: it is too early, or the provider does not have it yet."""
    now = timezone.now()
    since = now - intent.updated_at
    why = "the rest may come"
    if channel.is_incomplete(intent) and since >= channel.backfill_delays[0]:
        try:
            intent, why = _filled(intent, channel, now), "the provider does not have it all yet"
        except Problem as problem:
            why = problem.detail
    upcoming = next((delay for delay in channel.backfill_delays if delay > since), None)
    if upcoming and channel.is_incomplete(intent):
        raise RetryLater((upcoming - since).total_seconds(), why)


def _filled(intent: AnyCommunication, channel: Channel, now: datetime) -> AnyCommunication:
    # These two are the line's, which has reported them already; Vapi's may be of another line.
    seen = replace(channel.fetch(intent), provider_sid=None)
    if getattr(intent, "duration", None) is not None:
        seen = replace(seen, duration=None)
    return observe(intent, seen, source=Source.FETCH, now=now)


def _follow(intent: Communication, channel: Channel, now: datetime) -> None:
    """Ask the provider about one that it has, where it has not reported for a while."""
    quiet = now - intent.updated_at
    shortest = SHORTEST if channel.reports(intent) else timeline.SOON
    if quiet < shortest and not intent.stop_requested:
        raise RetryLater((shortest - quiet).total_seconds(), "callbacks may come")
    try:
        record = None
        if intent.stop_requested:
            with suppress(Problem):  # it may be too early to stop it
                record = channel.end(intent, str(intent.reference))
        record = record or channel.fetch(intent)
    except Problem as problem:
        _hindered(intent, problem, now)
        return
    row, _ = adoption.adopt(intent, record, source=Source.FETCH, proven=False, now=now)
    if row.is_final:
        return
    quiet = now - row.updated_at
    if quiet > FORGOTTEN:
        _fail(row, f"{GIVEN_UP} the provider still says {row.status}.", now)
        return
    pause = min(max(quiet / 2, shortest), LONGEST)
    raise RetryLater(
        PATIENCE if row.stop_requested else pause.total_seconds(), f"{row.status} at the provider"
    )


def _is_lost(intent: Communication, channel: Channel) -> bool:
    """Find out what became of an attempt that got no answer. Whether it never arrived."""
    now = timezone.now()
    assert intent.attempted_at is not None  # noqa: S101 - `pursue` has looked
    wait = intent.attempted_at + timeline.settle() - now
    if wait > timedelta(0):
        raise RetryLater(wait.total_seconds(), "it may still be on its way")
    if intent.status != UNKNOWN:
        detail = "AVA stopped in the middle. It is finding out what became of it."
        intent = observe(intent, dispatch.LOST, source=Source.RECONCILE, detail=detail, now=now)
    try:
        first = intent.first_attempt_at or intent.created_at
        found = channel.search(intent, first - CLOCKS_DIFFER)
    except Problem as problem:
        _hindered(intent, problem, now)
        return False
    for record in sorted(found, key=lambda each: (not each.proven, each.created_at or now)):
        whose = intent if record.proven else adoption.closest(intent, record, now=now)
        if whose is None:
            continue
        row, is_it = adoption.adopt(
            whose, record, source=Source.RECONCILE, proven=record.proven, now=now
        )
        if is_it and row.pk == intent.pk:
            if row.is_final:
                return False
            raise RetryLater(timeline.SOON.total_seconds(), "found at the provider")
    _look_twice(intent, timezone.now())
    return True


def _look_twice(intent: Communication, now: datetime) -> None:
    """The provider has no trace of it. Seen twice, that is the truth: it never arrived.
    Raises RetryLater: it was seen once only."""
    since = intent.missing_since or now
    if intent.missing_since is None:
        rows_of(intent).filter(pk=intent.pk).update(missing_since=now)
    wait = since + timedelta(seconds=settings.TELEPHONY_LOOK_AGAIN_SECONDS) - now
    if wait > timedelta(0):
        raise RetryLater(wait.total_seconds(), "not seen at the provider, looking once more")


def _hindered(intent: Communication, problem: Problem, now: datetime) -> None:
    """The provider cannot be asked. Where only people can change that, the row says so, and it has
    an end; a provider in trouble is waited for. Raises RetryLater: it will be asked once more."""
    if isinstance(problem, ProviderProblem) and not isinstance(problem, ProviderAuthFailed):
        raise _soon(intent, problem, now) from None
    quiet = now - intent.updated_at
    if quiet > FORGOTTEN:
        _fail(intent, f"{GIVEN_UP} {problem.detail}", now)
        return
    explain(intent, problem, now)
    pause = min(max((quiet / 2).total_seconds(), PATIENCE), LONGEST.total_seconds())
    raise RetryLater(pause, problem.detail) from None


def explain(intent: Communication, problem: Problem, now: datetime) -> None:
    """Show the user, once, why AVA does not know more."""
    with changing(intent) as row:
        if row.error != problem.detail and not row.is_final:
            row.error = problem.detail
            note(row, source=Source.RECONCILE, detail=problem.detail, now=now)


def _fail(intent: Communication, detail: str, now: datetime) -> None:
    record = ProviderRecord("", FAILED, error=detail)
    observe(intent, record, source=Source.RECONCILE, detail=detail, now=now)


def _soon(intent: Communication, problem: Problem, now: datetime) -> RetryLater:
    quiet = (now - intent.updated_at).total_seconds()
    pause = min(max(quiet / 4, IMPATIENCE), PATIENCE)
    wait = min(problem.retry_after or pause, LONGEST.total_seconds())
    return RetryLater(float(wait), problem.detail)
