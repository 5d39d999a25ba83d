"""Hold after a restore: calls, messages and batches that were open in the backup.

What was not sent then may have been sent since, so nothing of it is sent by itself. AVA first asks
the provider, as it does where an answer got lost. What is found goes on from there. What is not
found reached nobody: its row says so, or its batch, which is paused, gets it back. What is
scheduled for the future cannot have been sent, and stays.
"""

from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest

from ava.backup.holding import Restored
from ava.intents.states import SCHEDULED, UNKNOWN, UNSENT
from ava.intents.timeline import Source, follow_up, note
from ava.jobs.models import Job
from telephony.calls.models import Call
from telephony.intents.models import Communication
from telephony.messages import bulk_job
from telephony.messages.models import Batch, Message
from telephony.queries import unfinished


def hold_calls(restored: Restored) -> int:
    return _hold(Call, Q(provider_sid=None, vapi_call_id=None), restored)


def hold_messages(restored: Restored) -> int:
    """Messages, and the batches that would send the rest of theirs."""
    error = f"{restored.reason} AVA asks Twilio which messages went out since. Then resume it."
    Job.objects.filter(kind=bulk_job.JOB).delete()
    Batch.objects.filter(bulk_job.ON).update(
        state=Batch.State.PAUSED, held_at=None, error=error[:400]
    )
    return _hold(Message, Q(provider_sid=None), restored)


def _hold(model: type[Communication], without_id: Q, restored: Restored) -> int:
    Job.objects.filter(kind=model.job).delete()
    rows = unfinished(model)
    to_come = Q(status=SCHEDULED, send_at__gt=restored.now)
    # Those with an ID are followed as ever.
    suspect = rows.filter(without_id, status__in=UNSENT).exclude(to_come)
    held = set(suspect.values_list("pk", flat=True))
    suspect.update(
        status=UNKNOWN,
        attempt=Greatest("attempt", 1),
        attempted_at=Coalesce("attempted_at", restored.made_at),
        first_attempt_at=Coalesce("first_attempt_at", restored.made_at),
        missing_since=None,
        # No attempt is made any more; a batch takes its own back without this.
        expires_at=restored.now,
        updated_at=restored.now,
    )
    for row in rows.iterator(chunk_size=500):
        if row.pk in held:
            detail = f"{restored.reason} AVA asks whether it was sent since."
            note(row, source=Source.RECONCILE, detail=detail, now=restored.now)
        follow_up(row, due_at=max(restored.now, row.send_at or restored.now))
    return len(held)
