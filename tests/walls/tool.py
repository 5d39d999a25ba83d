"""Tool of Vapi's assistants as an app would write it, for the attacks by tool calls."""

from telephony.calls import queries as calls
from telephony.messages import queries as messages
from telephony.messages import services
from vapi_settings.calls.tools import ToolCall, register_tool

NAME = "tidy_up"


def register() -> None:
    register_tool(NAME, _tidy_up)


def _tidy_up(call: ToolCall) -> str:
    """Tell what there is of this talk and of all messages; cancel those that are named."""
    talks = calls.calls(user=call.owner, filters={"vapi_call_id": call.call_id})
    mine = messages.messages(user=call.owner, filters={})
    found = [f"{talk.summary} {talk.transcript}" for talk in talks]
    found += [f"{one.to}: {one.body}" for one in mine]
    named = set(map(str, call.arguments.values()))
    for one in mine.filter(status="scheduled", batch=None):
        if str(one.pk) in named:
            services.cancel(one)
    return f"{call.owner.get_username()} has {' '.join(found)}"
