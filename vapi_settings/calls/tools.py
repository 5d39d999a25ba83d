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
from ava.inbound.limits import JSON_BYTES, cut_json, is_left_out
from ava.upstream.answer import parse_json
from vapi_settings.calls.events import MOST_TOOL_CALLS
from vapi_settings.calls.patience import Patience
from vapi_settings.records import part, text

log = structlog.get_logger("vapi_settings")

TOO_LARGE: Final = f"The arguments are too large: at most {JSON_BYTES // 1024} KiB."


@dataclass(frozen=True)
class ToolCall:
    """One wish of an assistant.

    Attributes:
        id: the same when Vapi asks again.
        arguments: `{}` where none can be read.
        too_large: they are, so AVA has not kept them, and no tool is run.
    """

    owner: User
    call_id: str
    id: str
    name: str
    arguments: Mapping[str, Any] = field(hash=False)
    too_large: bool = False


Tool = Callable[[ToolCall], str]

_tools: dict[str, Tool] = {}


def register_tool(name: str, run: Tool) -> None:
    """Let assistants call `run` by this name.

    Args:
        run: returns a sentence for the assistant, or raises a Problem, whose sentence the
            assistant gets. It is run again for a repeated request: the second run with the same
            `id` must do nothing more than the first.
    """
    _tools[name] = run


def results(
    owner: User, call_id: str, calls: Sequence[Any], patience: Patience
) -> list[dict[str, str]]:
    """The answers to tool calls, in their order."""
    wishes = [
        _wish(owner, call_id, call) for call in calls[:MOST_TOOL_CALLS] if isinstance(call, dict)
    ]
    running = [patience.start(owner, partial(_outcome, wish)) for wish in wishes]
    late = {"error": "This takes too long right now."}
    return [
        _named(wish, patience.wait(run, late)) for wish, run in zip(wishes, running, strict=True)
    ]


def _named(wish: ToolCall, outcome: dict[str, str]) -> dict[str, str]:
    return {"toolCallId": wish.id, "name": wish.name, **outcome}


def _wish(owner: User, call_id: str, call: Mapping[str, Any]) -> ToolCall:
    function = part(call, "function")
    given = cut_json(function.get("arguments"))
    too_large = is_left_out(given)
    if isinstance(given, str):
        # The document says text, the wire mostly says object.
        try:
            given = parse_json(given.encode(errors="replace"))
        except ValueError:
            given = None
    return ToolCall(
        owner=owner,
        call_id=call_id,
        id=text(call.get("id")),
        name=text(function.get("name"))[:80],
        arguments=given if isinstance(given, dict) else {},
        too_large=too_large,
    )


def _outcome(wish: ToolCall) -> dict[str, str]:
    if wish.too_large:
        return {"error": TOO_LARGE}
    tool = _tools.get(wish.name)
    if tool is None:
        return {"error": f"There is no tool named {wish.name}."}
    try:
        return {"result": _line(tool(wish))}
    except Problem as problem:
        return {"error": _line(problem.detail)}
    except Exception:
        log.exception("tool failed", tool=wish.name)
        return {"error": "Something went wrong with this."}


def _line(said: str) -> str:
    return " ".join(said.split())
