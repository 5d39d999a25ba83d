"""Background jobs of telephony."""

from ava import jobs
from telephony import accounts, services
from telephony.calls import services as calls
from telephony.calls.models import Call
from telephony.intents import adoption
from telephony.messages import bulk, bulk_job
from telephony.messages import services as messages
from telephony.messages.models import Message

SWEEP_SECONDS = 600.0
SWEEP = "telephony.sweep"


def register() -> None:
    """Register them with `ava.jobs`."""
    jobs.register(Call.job, lambda payload: calls.pursue(payload["id"]))
    jobs.register(Message.job, lambda payload: messages.pursue(payload["id"]))
    jobs.register(bulk_job.JOB, lambda payload: bulk_job.send_next(payload["id"]))
    jobs.register(
        adoption.END_DUPLICATE,
        lambda payload: calls.end_duplicate(payload["id"], payload["sid"]),
        attempts=20,
        urgent=True,
    )
    jobs.register_periodic(SWEEP, _sweep, every=SWEEP_SECONDS)


def _sweep() -> None:
    for model in (Call, Message):
        for row in model.objects.filter(holder="").iterator():
            accounts.name_holder(row)
    services.reconcile(only_lost=True)
    bulk.sweep()
