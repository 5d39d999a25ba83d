"""Events: Vapi's webhook messages, what AVA keeps of one, and what makes two the same. Pure.

https://docs.vapi.ai/server-url/events; the ServerMessage* schemas of Vapi's OpenAPI document.
A message carries the assistant whole, and the Twilio token of its number. So AVA keeps what is
named here, in limits, and nothing else.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ava.inbound.limits import SUMMARY, TEXT, TRANSCRIPT, cut, cut_json, json_size
from vapi_settings import records
from vapi_settings.diff import levels
from vapi_settings.records import VapiCall, part, text, timestamp

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STATUS_UPDATE: Final = "status-update"
END_OF_CALL_REPORT: Final = "end-of-call-report"
TOOL_CALLS: Final = "tool-calls"
ASSISTANT_REQUEST: Final = "assistant-request"
KEPT_TYPES: Final = (STATUS_UPDATE, END_OF_CALL_REPORT, TOOL_CALLS, ASSISTANT_REQUEST)
"""The others come many times a second during a call, and add nothing to the report at its end."""

MOST_LEVELS: Final = 20
MOST_TOOL_CALLS: Final = 20
UTTERANCES_BYTES: Final = 400_000
"""Bytes of a call's utterances as JSON: a transcript of the same length, speakers and times."""

_VALUE: Final = TEXT  # a switch, a number, or a text of so many characters
_JSON: Final = "anything that the conversation brought up"


def _values(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), _VALUE)


_PERSON: Final = _values("number name sipUri externalId")
_CALL: Final = _values(
    "id type status endedReason assistantId squadId phoneNumberId phoneCallProviderId createdAt "
    "startedAt endedAt cost"
)
_UTTERANCE: Final = _values("role message time endTime secondsFromStart duration")
_SHAPE: Final[Mapping[str, Any]] = {
    **_values("type timestamp status endedReason cost startedAt endedAt"),
    "transcript": TRANSCRIPT,
    "summary": SUMMARY,
    "customer": _PERSON,
    "phoneNumber": _values("id number name provider"),
    "call": {**_CALL, "customer": _PERSON, "transport": {"callSid": _VALUE}},
    "analysis": {"summary": SUMMARY, "successEvaluation": _VALUE, "structuredData": _JSON},
    "artifact": {
        "transcript": TRANSCRIPT,
        "recordingUrl": _VALUE,
        "stereoRecordingUrl": _VALUE,
        "recording": {"stereoUrl": _VALUE, "mono": {"combinedUrl": _VALUE}},
        "messages": [_UTTERANCE],
    },
    "toolCallList": [
        {"id": _VALUE, "type": _VALUE, "function": {"name": _VALUE, "arguments": _JSON}}
    ],
}
_SPOKEN: Final = ("user", "bot")


@dataclass(frozen=True)
class VapiEvent(VapiCall):
    """A call, as a message about it says: `ended` in an end-of-call report."""

    owner: "User"
    type: str  # STATUS_UPDATE or END_OF_CALL_REPORT
    at: datetime  # when Vapi wrote it, by its clock
    number: str  # the digits of Vapi's number; may be empty

    @property
    def began_at(self) -> datetime:
        """The moment at which Vapi took the call, by its clock."""
        return self.created_at or self.at


def kept(message: Mapping[str, Any]) -> dict[str, Any]:
    """The stored part of a message: nothing that is, or may hold, a secret."""
    found: dict[str, Any] = _kept(message, _SHAPE)
    if message.get("type") == TOOL_CALLS:
        found["toolCallList"] = _kept_calls(message)[:MOST_TOOL_CALLS]
    if ours := marks(message):
        found["call"]["assistantOverrides"] = {"metadata": dict(ours)}
    artifact = part(found, "artifact")
    if artifact.get("transcript"):
        found.pop("transcript", None)  # The same once more.
    if "messages" in artifact:
        # The system's own is the prompt; what tools answer belongs to those who run them.
        spoken = [one for one in artifact["messages"] if one.get("role") in _SPOKEN]
        found["artifact"] = {**artifact, "messages": _fitting(spoken)}
    return found


def call_id(message: Mapping[str, Any]) -> str:
    """The id of the call that the message is about; "" for none."""
    return text(part(message, "call").get("id"))[:64]


def marks(message: Mapping[str, Any]) -> Mapping[str, str]:
    """AVA's marks on the call that the message is about."""
    return records.marks(part(message, "call", "assistantOverrides", "metadata"))


def identity(message: Mapping[str, Any], raw: bytes) -> str:
    """Identity of a delivery: Vapi sends no id, and repeats itself. A call has many messages of one
    type, so its id alone would throw most of them away."""
    kind = text(message.get("type"))[:40]
    if kind == STATUS_UPDATE and (status := text(message.get("status"))):
        mark = status[:40]
    elif kind == TOOL_CALLS and any(text(call["id"]) for call in _tool_calls(message)):
        # Not the IDs alone: there are models that count from one again in each turn.
        mark = _digest(json.dumps(_kept_calls(message), sort_keys=True).encode())
    elif timestamp(message.get("timestamp")):
        mark = str(message["timestamp"])[:40]
    else:
        mark = _digest(raw)
    return f"{call_id(message)}:{kind}:{mark}"


def read(owner: "User", message: Mapping[str, Any], *, received_at: datetime) -> VapiEvent:
    """The event of a stored message. `received_at` stands in for a time that Vapi left out."""
    kind = text(message.get("type"))
    call = records.call(part(message, "call"), message)
    return VapiEvent(
        **vars(call) | ({"status": "ended"} if kind == END_OF_CALL_REPORT else {}),
        owner=owner,
        type=kind,
        at=timestamp(message.get("timestamp")) or received_at,
        number=cut(text(part(message, "phoneNumber").get("number")), TEXT),
    )


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]


def _kept_calls(message: Mapping[str, Any]) -> list[Any]:
    kept: list[Any] = _kept(_tool_calls(message), _SHAPE["toolCallList"])
    return kept


def _tool_calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tool calls of a message, as Vapi's OpenAPI document has them: nested. Its page on custom
    tools (https://docs.vapi.ai/tools/custom-tools) has them flat, with `arguments` or `parameters`.
    """
    listed = message.get("toolCallList") or message.get("toolCalls")
    if not listed and isinstance(with_tools := message.get("toolWithToolCallList"), list):
        listed = [{**_named(one), **part(one, "toolCall")} for one in with_tools]
    calls = [call for call in listed if isinstance(call, dict)] if isinstance(listed, list) else []
    return [
        {"id": call.get("id"), "type": call.get("type"), "function": _function(call)}
        for call in calls
    ]


def _function(call: Mapping[str, Any]) -> dict[str, Any]:
    """The name and the arguments of a tool call, nested or flat."""
    places = (part(call, "function"), call)
    given = (place.get(name) for name in ("arguments", "parameters") for place in places)
    return {
        **_named(call),
        "arguments": next((value for value in given if value is not None), None),
    }


def _named(call: Any) -> dict[str, Any]:
    name = part(call, "function").get("name") or part(call).get("name")
    return {"name": name} if name else {}


def _fitting(utterances: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first utterances, at most UTTERANCES_BYTES of them."""
    free = UTTERANCES_BYTES
    for place, utterance in enumerate(utterances):
        free -= json_size(utterance)
        if free < 0:
            left = len(utterances) - place
            return [*utterances[:place], {"message": f"[cut by AVA: {left:,} utterances more]"}]
    return utterances


def _kept(value: Any, shape: Any) -> Any:
    if isinstance(shape, int):
        if isinstance(value, dict | list):
            return None
        return cut(value, shape) if isinstance(value, str) else value
    if shape is _JSON:
        # Deeper nesting is no result of a conversation.
        return cut_json(value) if sum(1 for _ in levels(value)) <= MOST_LEVELS else None
    if isinstance(shape, list):
        items = value if isinstance(value, list) else []
        return [_kept(item, shape[0]) for item in items if isinstance(item, dict)]
    if not isinstance(value, dict):
        return {}
    return {name: _kept(value[name], below) for name, below in shape.items() if name in value}
