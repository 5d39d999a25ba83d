"""Tools that AVA runs for an assistant in the middle of a call. Filled in the apps' `ready()`.

https://docs.vapi.ai/tools/custom-tools: the answer is 200 in any case, and its text is one line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog
from django.contrib.auth.models import User

from ava.http.problems import Problem
from ava.inbound.limits import JSON_BYTES, is_left_out, storable
from ava.upstream import parse_json
from vapi_settings.calls.reply_deadline import ReplyDeadline
from vapi_settings.records import part, text

log = structlog.get_logger("vapi_settings")

TOO_LARGE: Final = f"The arguments are too large: at most {JSON_BYTES // 1024} KiB."
LATE: Final = "This takes too long right now."


@dataclass(frozen=True)
class ToolCall:
    """A tool call of an assistant's."""

    owner: User
    call_id: str
    id: str  # the same when Vapi asks again
    name: str
    arguments: Mapping[str, Any] = field(hash=False)  # {} where none can be read


Tool = Callable[[ToolCall], str]

_tools: dict[str, Tool] = {}
_late: dict[str, str] = {}


def register_tool(name: str, run: Tool, *, late: str = LATE) -> None:
    """Register `run` as the tool of this name: it returns a sentence for the assistant, or raises a
    Problem with one. Run again with the same `id`, for a repeated request, it must do no more.
    `late` is the sentence where it has not returned in time, and runs on."""
    _tools[name], _late[name] = run, late


def results(owner: User, call_id: str, calls: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The answers to the tool calls of a stored message, in their order."""
    deadline = ReplyDeadline(owner)
    begun = []
    for given in calls:
        function = part(given, "function")
        name, arguments = text(function.get("name"))[:80], function.get("arguments")
        call = ToolCall(owner, call_id, text(given.get("id")), name, _arguments(arguments))
        run = partial(_outcome, call, too_large=is_left_out(arguments))
        begun.append((call, deadline.start(run)))
    outcomes = [
        (call, deadline.wait(outcome, {"error": _late.get(call.name, LATE)}))
        for call, outcome in begun
    ]
    return [{"toolCallId": call.id, "name": call.name, **outcome} for call, outcome in outcomes]


def _arguments(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        # The document says text, the wire mostly says object.
        try:
            given = storable(parse_json(given.encode(errors="replace")))
        except ValueError:
            return {}
    return given if isinstance(given, dict) else {}


def _outcome(call: ToolCall, *, too_large: bool) -> dict[str, str]:
    if too_large:
        return {"error": TOO_LARGE}
    tool = _tools.get(call.name)
    if tool is None:
        return {"error": f"There is no tool named {call.name}."}
    try:
        return {"result": _line(tool(call))}
    except Problem as problem:
        return {"error": _line(problem.detail)}
    except Exception:
        log.exception("tool failed", tool=call.name)
        return {"error": "Something went wrong with this."}


def _line(message: str) -> str:
    return " ".join(message.split())
