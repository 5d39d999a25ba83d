"""What Vapi still owes of a call that has ended: transcript, recording, summary, cost.

Its report brings them, some seconds after the end. Vapi gives up a report that does not arrive,
so AVA asks for what is missing.
"""

from datetime import datetime, timedelta

from ava.jobs import Again
from ava.problems import Problem
from telephony.calls.channels import AssistantCalls
from telephony.calls.models import Call
from telephony.timeline import Source, facts_of, observe

# After the end. Vapi takes its time to write them down, and may be in trouble.
LOOKS = tuple(timedelta(seconds=after) for after in (20, 60, 300, 1800, 21_600))


def is_owed(call: Call) -> bool:
    """Whether something may still come. Where nobody answered there is nothing to tell."""
    told = call.transcript and call.recording_url and call.summary
    return bool(call.vapi_call_id) and call.status == "completed" and not told


def ask(call: Call, *, now: datetime) -> None:
    """Ask for what is owed, if it is time to.

    Raises:
        Again: for the rest it is too early. No recording, or no summary, may be as the user
            wishes; without a transcript AVA asks to the last look.
    """
    since = now - call.updated_at
    why = "its report may come"
    if is_owed(call) and since >= LOOKS[0]:
        try:
            call, why = _filled(call, now), "not written down yet"
        except Problem as problem:
            why = problem.detail
        if call.transcript:
            return
    upcoming = next((look for look in LOOKS if look > since), None)
    if is_owed(call) and upcoming:
        raise Again((upcoming - since).total_seconds(), why)


def _filled(call: Call, now: datetime) -> Call:
    facts = facts_of(AssistantCalls().fetch(call), call)
    # These two are the line's: it has told them already, or they are another call's.
    del facts["provider_sid"]
    if call.duration is not None:
        del facts["duration"]
    return observe(call, told="", source=Source.FETCH, now=now, facts=facts)
