"""Job of a batch: it sends one message at a time, at the pace of the sender."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ava import tenant, upstream
from ava.http.problems import Problem
from ava.intents.states import CANCELED, SCHEDULED, UNSENT
from ava.intents.timeline import Source, follow_up, lock, note
from ava.jobs import RetryLater
from ava.jobs import services as jobs
from ava.upstream import ProviderAuthFailed
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from telephony import accounts
from telephony.errors import OptedOut, OwnerInactive, TwilioAccountGone
from telephony.intents import dispatch, settling, timeline
from telephony.intents.channel import Account, Channel, ProviderRecord
from telephony.intents.dispatch import Clock
from telephony.intents.timeline import advance
from telephony.messages.models import Batch, Message, Pace
from telephony.messages.twilio_messages import CHANNEL
from telephony.twilio.errors import TwilioAccountInactive, TwilioRefused, TwilioRejected

JOB = "telephony.batch"
State = Batch.State
# Batches whose job does something: running, or held by AVA, which looks whether it still must.
ON = Q(state=State.RUNNING) | Q(state=State.PAUSED, held_at__isnull=False)

# Seconds to the next look whether credentials are back (nothing reports that the operator's are),
# and whether Twilio takes them, or the sender, by now: that costs it a request.
LOOK_AT_CREDENTIALS, ASK_AGAIN = 60.0, 900.0
STORED = (CredentialsMissing, CredentialsUnreadable, TwilioAccountGone)
HOLDING = (*STORED, ProviderAuthFailed, TwilioAccountInactive, OwnerInactive)


def enqueue(batch: Batch) -> None:
    """Schedule the batch's job for now. Part of the caller's transaction."""
    key, owner = str(batch.pk), tenant.key(batch.owner_id)
    jobs.enqueue(JOB, {"id": key}, key=key, tenant=owner)


def revive() -> None:
    """Give each batch whose job was given up or lost a new one."""
    waiting = jobs.waiting(JOB)
    for batch in Batch.objects.filter(ON):
        if str(batch.pk) not in waiting:
            enqueue(batch)


def look_again(owner: User) -> None:
    """The owner's credentials have changed: their held batches may go on."""
    for batch in Batch.objects.filter(ON, owner=owner, held_at__isnull=False):
        enqueue(batch)


def send_next(batch_id: str, *, clock: Clock = timezone.now) -> None:
    """Send the next message of a batch, if it is time. Raises: RetryLater, if there are more."""
    batch = Batch.objects.select_related("owner").filter(ON, pk=batch_id).first()
    if batch is None:
        return
    message = batch.messages.filter(status=SCHEDULED).order_by("place").first()
    if message is None:
        _end(batch, clock())
        return
    accounts.name_holder(message)
    try:
        _, account = accounts.serving(accounts.active_owner(message))
        if account != Account(message.account_sid, message.holder):
            # The sender is a number of that account, and of no other.
            raise TwilioAccountGone(message.account_sid)
        upstream.door(CHANNEL.provider).require_room()
        CHANNEL.prepare(message)
        claimed = _claim(message, batch, account, clock)
        if claimed is not None:
            _send(claimed, clock)
            if batch.held_at or batch.error:  # nothing hinders it any more
                free = {"state": State.RUNNING, "held_at": None, "error": ""}
                Batch.objects.filter(ON, pk=batch.pk).update(**free)
    except OptedOut as refusal:
        dispatch.fail(message, refusal, source=Source.RECONCILE, now=clock())
        raise RetryLater(0, refusal.detail) from None
    except Problem as problem:
        _hinder(batch, problem, clock())
        return
    raise RetryLater(60 / batch.per_minute, "next")


def put_back(message: Message, channel: Channel, *, refusal: Problem | None = None) -> None:
    """Return it to the batch, which sends it at its turn, or end it with the batch: nothing of it
    is at Twilio. A `refusal` is what the batch's own job has just met, and looks after itself."""
    now = timezone.now()
    detail = f"Not sent: {refusal.detail}" if refusal else "back in the batch"
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=str(message.batch_id))
        row = lock(message)
        is_open = row.status in UNSENT - {SCHEDULED} and not row.reference
        if row.attempt != message.attempt or not is_open:
            return
        row.attempted_at = row.missing_since = row.expires_at = None
        if batch.state == State.CANCELED:
            advance(row, ProviderRecord("", CANCELED), source=Source.RECONCILE, now=now)
        else:
            row.status, row.updated_at = SCHEDULED, now
            note(row, source=Source.RECONCILE, detail=detail, now=now)
        row.save()
        if batch.state == State.DONE:
            batch.state, batch.finished_at = State.RUNNING, None
            batch.save(update_fields=["state", "finished_at"])
        if batch.state == State.RUNNING and not refusal:
            enqueue(batch)


def _end(batch: Batch, now: datetime) -> None:
    """End a batch of which nothing waits for its turn, unless something of it is looked for."""
    if batch.messages.filter(status__in=UNSENT).exists():
        # Those that never arrived come back.
        raise RetryLater(settings.TELEPHONY_LOOK_AGAIN_SECONDS, "AVA is looking for the last ones")
    ended = {"state": State.DONE, "finished_at": now, "held_at": None, "error": ""}
    Batch.objects.filter(ON, pk=batch.pk).update(**ended)


def _claim(message: Message, batch: Batch, account: Account, clock: Clock) -> Message | None:
    """The message, to be sent now, and the sender's next turn put off. Raises RetryLater."""
    with transaction.atomic():
        Pace.objects.get_or_create(owner=batch.owner, number=batch.from_number)
        pace = Pace.objects.select_for_update().get(owner=batch.owner, number=batch.from_number)
        now = clock()
        if (wait := (pace.free_at - now).total_seconds()) > 0:
            raise RetryLater(wait, "the next turn of this sender")
        # A pause or cancel at this moment is either before this, or after.
        if not Batch.objects.select_for_update().filter(ON, pk=batch.pk):
            return None
        pace.free_at = now + timedelta(seconds=60 / batch.per_minute)
        pace.save(update_fields=["free_at"])
        claimed = dispatch.claim(message, account=account, now=now)
        if claimed is not None:
            follow_up(claimed, due_at=now + timeline.settle())
        return claimed


def _send(message: Message, clock: Clock) -> None:
    """Make the attempt. What went out is followed by the message's own job. Raises: Problem, where
    nothing else of this batch would get through now, either; the batch has it again."""
    try:
        dispatch.attempt(message, CHANNEL, clock=clock)
    except Problem as problem:
        if not (dispatch.never_left(problem) or _holds(problem)):
            dispatch.fail(message, problem, source=Source.RECONCILE, now=clock())
            return
        put_back(message, CHANNEL, refusal=problem)
        raise


def _holds(problem: Problem) -> bool:
    """Whether a person has to act before any message of the batch can go out."""
    if isinstance(problem, TwilioRejected):
        # About the sender, or the account; what is wrong with one person's number is their own.
        return not (problem.errors or {}).keys() & {"to", "body"}
    if isinstance(problem, TwilioRefused):
        return problem.lasts
    return isinstance(problem, HOLDING)


def _hinder(batch: Batch, problem: Problem, now: datetime) -> None:
    """Say why the batch does not go on; where a person has to act it is held. Raises: RetryLater,
    when to look again; not after two days: what was news is none by then."""
    held, detail = _holds(problem), problem.detail
    with transaction.atomic():
        row = Batch.objects.select_for_update().filter(ON, pk=batch.pk).first()
        if row is None:
            return
        if held:
            row.state, row.held_at = State.PAUSED, row.held_at or now
            # Nor does a mass of messages leave by itself once an account is active again.
            inactive = isinstance(problem, OwnerInactive)
            if inactive or now - row.held_at > settling.FORGOTTEN:
                when = "Once it is active again," if inactive else "Then"
                row.held_at, detail = None, f"{detail} {when} resume the batch."
        row.error = detail[:400]
        row.save(update_fields=["state", "held_at", "error"])
    if not held:
        wait = min(problem.retry_after or settling.PATIENCE, ASK_AGAIN)
        raise RetryLater(float(wait), detail)
    if row.held_at:
        raise RetryLater(LOOK_AT_CREDENTIALS if isinstance(problem, STORED) else ASK_AGAIN, detail)
