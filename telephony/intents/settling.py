"""Settlement of an intent: followed to its end, fetched where no report came, found where lost.

The job of each intent calls `pursue`, again and again, until there is nothing more to learn.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from ava import upstream
from ava.http.problems import Problem
from ava.jobs import RetryLater
from ava.upstream import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderProblem,
    ProviderUnavailable,
)
from telephony.intents import adoption, dispatch, followup
from telephony.intents.channel import Channel
from telephony.intents.dispatch import Clock
from telephony.intents.matching import closest
from telephony.intents.models import Communication
from telephony.intents.record import ProviderRecord
from telephony.intents.states import CANCELED, FAILED, UNKNOWN
from telephony.intents.timeline import AnyCommunication, Source, lock, note, observe

# A host's clock and the provider's may differ by this.
CLOCKS_DIFFER = timedelta(minutes=2)
# Between two looks at one that goes on.
SHORTEST, LONGEST = timedelta(seconds=20), timedelta(minutes=15)
# Between two questions to a provider in trouble; short at first, as a person may be waiting.
IMPATIENCE, PATIENCE = 2.0, 15.0
# When nothing was learnt of it for so long, no more is to be learnt.
FORGOTTEN = timedelta(days=2)


def next_attempt(intent: Communication, channel: Channel, clock: Clock) -> None:
    """Send it, once more or for the first time; nothing of it is at the provider.

    Raises:
        RetryLater: when to look after it.
    """
    now = clock()
    if intent.stop_requested:
        observe(intent, status=CANCELED, source=Source.RECONCILE, now=now)
        return
    if intent.expires_at and now > intent.expires_at:
        said = f"It did not reach the provider in time. Nobody got this {intent.word}."
        _fail(intent, said, now)
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
    make_attempt(claimed, channel, clock)


def pursue(
    intent: AnyCommunication,
    channel: Channel,
    *,
    clock: Clock,
    send: Callable[[AnyCommunication, Channel, Clock], None] = next_attempt,
) -> None:
    """Do what is to be done about it now.

    Args:
        send: what is done where nothing of it is at the provider.

    Raises:
        RetryLater: there is more to do later.
    """
    now = clock()
    quiet = now - intent.updated_at
    if intent.is_final or (intent.status in intent.machine.resting and quiet > FORGOTTEN):
        return
    if intent.reference:
        _follow(intent, channel, now)
    elif intent.attempt == 0 and intent.send_at and now < intent.send_at:
        raise RetryLater((intent.send_at - now).total_seconds(), "its time has not come")
    elif intent.attempted_at is None or _is_lost(intent, channel, clock):
        send(intent, channel, clock)


def _follow(intent: Communication, channel: Channel, now: datetime) -> None:
    """Ask the provider about one that it has, where it has not reported for a while."""
    quiet = now - intent.updated_at
    shortest = SHORTEST if channel.reports(intent) else followup.SOON
    if quiet < shortest and not intent.stop_requested:
        raise RetryLater((shortest - quiet).total_seconds(), "callbacks may come")
    try:
        record = _ended(intent, channel) or channel.fetch(intent)
    except Problem as problem:
        _hindered(intent, problem, now)
        return
    row, _ = adoption.adopt(intent, record, source=Source.FETCH, proven=False, now=now)
    if row.is_final:
        return
    quiet = now - row.updated_at
    if quiet > FORGOTTEN:
        _give_up(row, f"the provider still says {row.status}.", now)
        return
    pause = min(max(quiet / 2, shortest), LONGEST)
    raise RetryLater(
        PATIENCE if row.stop_requested else pause.total_seconds(), f"{row.status} at the provider"
    )


def _ended(intent: Communication, channel: Channel) -> ProviderRecord | None:
    """Stop it, if somebody asked for that and the provider lets it be stopped by now."""
    if not intent.stop_requested:
        return None
    with suppress(Problem):
        return channel.end(intent, str(intent.reference))
    return None


def _is_lost(intent: Communication, channel: Channel, clock: Clock) -> bool:
    """Find out what became of an attempt that got no answer. Whether it never arrived."""
    now = clock()
    assert intent.attempted_at is not None  # noqa: S101 - `pursue` has looked
    wait = intent.attempted_at + followup.settle() - now
    if wait > timedelta(0):
        raise RetryLater(wait.total_seconds(), "it may still be on its way")
    if intent.status != UNKNOWN:
        said = "AVA stopped in the middle. It is finding out what became of it."
        intent = observe(intent, status=UNKNOWN, source=Source.RECONCILE, detail=said, now=now)
    try:
        first = intent.first_attempt_at or intent.created_at
        found = channel.search(intent, first - CLOCKS_DIFFER)
    except Problem as problem:
        _hindered(intent, problem, now)
        return False
    for record in sorted(found, key=lambda each: (not each.proven, each.created_at or now)):
        whose = intent if record.proven else closest(intent, record, now=now)
        if whose is None:
            continue
        row, is_it = adoption.adopt(
            whose, record, source=Source.RECONCILE, proven=record.proven, now=now
        )
        if is_it and row.pk == intent.pk:
            if row.is_final:
                return False
            raise RetryLater(followup.SOON.total_seconds(), "found at the provider")
    _look_twice(intent, clock())
    return True


def _look_twice(intent: Communication, now: datetime) -> None:
    """The provider has no trace of it. Seen twice, that is the truth: it never arrived.

    Raises:
        RetryLater: it was seen once only.
    """
    pause = timedelta(seconds=settings.TELEPHONY_LOOK_AGAIN_SECONDS)
    since = intent.missing_since
    if since is None:
        with transaction.atomic():
            row = lock(intent)
            row.missing_since = now
            row.save(update_fields=["missing_since"])
        raise RetryLater(pause.total_seconds(), "not seen at the provider, looking once more")
    if now - since < pause:
        raise RetryLater((pause - (now - since)).total_seconds(), "looking once more")


def make_attempt(claimed: Communication, channel: Channel, clock: Clock) -> None:
    """Make a claimed attempt in the background.

    Raises:
        RetryLater: when to look after it.
    """
    try:
        row = dispatch.attempt(claimed, channel, clock=clock)
    except Problem as problem:
        if not dispatch.never_left(problem):
            dispatch.fail(claimed, problem, source=Source.RECONCILE, now=clock())
            return
        release(claimed, problem, now=clock())
        raise _soon(claimed, problem, clock()) from None
    if row.status == UNKNOWN:
        raise RetryLater(settings.TELEPHONY_SETTLE_SECONDS, "no answer")
    raise RetryLater(followup.SOON.total_seconds(), "sent")


def release(intent: Communication, problem: Problem, *, now: datetime) -> None:
    """The attempt never left: the next one need not look for it."""
    with transaction.atomic():
        row = lock(intent)
        row.attempted_at = None
        row.save(update_fields=["attempted_at"])
        note(row, source=Source.RECONCILE, detail=f"Not sent: {problem.detail}", now=now)


def _hindered(intent: Communication, problem: Problem, now: datetime) -> None:
    """The provider cannot be asked. Where only people can change that, the row says so, and it has
    an end; a provider in trouble is waited for.

    Raises:
        RetryLater: it will be asked once more.
    """
    if isinstance(problem, ProviderProblem) and not isinstance(problem, ProviderAuthFailed):
        raise _soon(intent, problem, now) from None
    quiet = now - intent.updated_at
    if quiet > FORGOTTEN:
        _give_up(intent, problem.detail, now)
        return
    explain(intent, problem, now)
    pause = min(max((quiet / 2).total_seconds(), PATIENCE), LONGEST.total_seconds())
    raise RetryLater(pause, problem.detail) from None


def explain(intent: Communication, problem: Problem, now: datetime) -> None:
    """Show the user, once, why AVA does not know more."""
    with transaction.atomic():
        row = lock(intent)
        if row.error == problem.detail or row.is_final:
            return
        row.error = problem.detail
        row.save(update_fields=["error"])
        note(row, source=Source.RECONCILE, detail=problem.detail, now=now)


def _give_up(intent: Communication, why: str, now: datetime) -> None:
    _fail(intent, f"AVA could not find out what became of it: {why}", now)


def _fail(intent: Communication, said: str, now: datetime) -> None:
    facts = {"error": said}
    observe(intent, status=FAILED, source=Source.RECONCILE, detail=said, now=now, facts=facts)


def _soon(intent: Communication, problem: Problem, now: datetime) -> RetryLater:
    quiet = (now - intent.updated_at).total_seconds()
    pause = min(max(quiet / 4, IMPATIENCE), PATIENCE)
    return RetryLater(float(problem.retry_after or pause), problem.detail)
