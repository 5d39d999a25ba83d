"""Session of a call at Vapi: ringing, talk, tool calls, end and report."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import SystemClock, iso_time, utc_now
from sandbox.twilio.call import Call
from sandbox.vapi.numbers import as_created
from sandbox.vapi.store import Resource, Store
from sandbox.vapi.webhooks import TIMEOUT_S, AppServer

TALK_S = 10.0
COST_PER_MINUTE = 0.12
RECORDINGS = "https://storage.vapi.ai"
UNANSWERED = {
    "busy": "customer-busy",
    "no-answer": "customer-did-not-answer",
    "failed": "twilio-failed-to-connect-call",
    "canceled": "manually-canceled",
}
ENDED_BY = {
    "nobody": "assistant-request-returned-no-assistant",
    "error": "assistant-request-returned-error",
    "callee": "customer-ended-call",
    "caller": "customer-ended-call",
    "assistant": "assistant-ended-call",
    "time-limit": "exceeded-max-duration",
}


@dataclass
class CallSession:
    """One call under way; its state is kept in `store`."""

    store: Store
    call_id: str
    leg: Call
    server: AppServer
    number: Resource
    assistant: Resource
    messages: list[Resource] = field(default_factory=list)
    results: list[Resource] = field(default_factory=list)

    def queued(self) -> None:
        """Report that Vapi has queued the call."""
        self._notify("status-update", "queued", status="queued")

    def ringing(self) -> None:
        """Report that the phone rings."""
        self._set_status("ringing")

    def answered(self) -> None:
        """Talk until one of both hangs up."""
        self._set_status("in-progress", startedAt=iso_time(self.leg.picked_up or utc_now()))
        phone = self.leg.network.phone(self.leg.remote_number)
        greeting = self.assistant.get("firstMessage") or "Hello."
        self.messages = [self._line("bot", greeting), self._line("user", "Yes, thank you.")]
        if phone.tool_calls:
            self._use_tools([dict(call) for call in phone.tool_calls])
        else:
            self._talk()

    def ended(self) -> None:
        """Report the end of the call, then its outcome."""
        leg = self.leg
        by = leg.effect.get("ended", "callee")
        reason = ENDED_BY.get(by, "call.in-progress.twilio-completed-call")
        if not leg.picked_up and by not in ("nobody", "error"):
            reason = UNANSWERED[leg.status]
        fields = {"endedReason": reason, "endedAt": iso_time(self._end()), "cost": self._cost()}
        self._set_status("ended", **fields, **self._report())
        call = self.store.get(self.call_id)
        if call is None:
            return
        report = {
            name: call[name]
            for name in (*fields, "startedAt", "analysis", "artifact")
            if name in call
        }
        self._notify("end-of-call-report", "end-of-call-report", **report)

    def hang_up(self) -> None:
        """End the call as the assistant."""
        self.leg.end("completed" if self.leg.picked_up else "canceled", "assistant")

    def about(self) -> Resource:
        """Fields of every message about this call."""
        call = self.store.get(self.call_id) or {"id": self.call_id}
        return {
            "call": call,
            "phoneNumber": as_created(self.number),
            **{name: call[name] for name in ("customer", "assistant") if name in call},
        }

    def _talk(self) -> None:
        if self.leg.network.phone(self.leg.remote_number).behaviour != "hangup-after":
            self.leg.later(TALK_S, self.hang_up)

    def _use_tools(self, calls: list[Resource]) -> None:
        """Ask each tool's own server, else the assistant's, then talk on."""
        by_server: dict[str, tuple[AppServer, list[Resource]]] = {}
        for call in calls:
            server = self._server_of(call["name"])
            by_server.setdefault(server.url, (server, []))[1].append(call)
        *others, last = by_server.values()
        for server, asked in others:
            self._ask(server, asked, self._add_tool_results)
        self._ask(*last, self._add_last_results)

    def _server_of(self, tool: str) -> AppServer:
        model = self.assistant.get("model") or {}
        for found in model.get("tools") or ():
            if found.get("server") and (found.get("function") or {}).get("name") == tool:
                return replace(self.server, settings=found["server"])
        return self.server

    def _ask(
        self, server: AppServer, calls: list[Resource], answered: Callable[[Any], None]
    ) -> None:
        tool_calls: list[Resource] = [
            {
                "id": f"call_{SystemClock().new_id().replace('-', '')[:24]}",
                "type": "function",
                "function": {"name": call["name"], "arguments": json.dumps(call["arguments"])},
            }
            for call in calls
        ]
        with_tools = [
            {
                "type": "function",
                "function": {"name": tool_call["function"]["name"]},
                "toolCall": tool_call,
            }
            for tool_call in tool_calls
        ]
        message = {
            "type": "tool-calls",
            "toolCallList": tool_calls,
            "toolWithToolCallList": with_tools,
            **self.about(),
        }
        server.request(message, answered, TIMEOUT_S)

    def _add_last_results(self, answer: Any) -> None:
        self._add_tool_results(answer)
        self._talk()

    def _add_tool_results(self, answer: Any) -> None:
        found = answer.get("results") if isinstance(answer, dict) else None
        for result in found if isinstance(found, list) else []:
            if isinstance(result, dict):
                text = str(result.get("result") or result.get("error") or "")
                self.results.append(
                    {
                        **self._line("tool_call_result", ""),
                        "toolCallId": str(result.get("toolCallId", "")),
                        "name": str(result.get("name", "")),
                        "result": text,
                    }
                )

    def _set_status(self, status: str, **fields: Any) -> None:
        self.store.update(self.call_id, {"status": status, **fields})
        extra = {"endedReason": fields["endedReason"]} if status == "ended" else {}
        self._notify("status-update", status, status=status, **extra)

    def _notify(self, kind: str, mark: str, **fields: Any) -> None:
        message = {"type": kind, **fields, **self.about()}
        self.server.notify(self.call_id, f"{self.leg.remote_number} {kind} {mark}", message)

    def _line(self, role: str, text: str) -> Resource:
        at = int((self.leg.picked_up or self.leg.created).timestamp() * 1000)
        line: Resource = {"role": role, "time": at, "secondsFromStart": 0.5}
        if role == "tool_call_result":
            return line
        own: Resource = {"source": ""} if role == "bot" else {"isFiltered": False}
        return {**line, **own, "message": text, "endTime": at + 900}

    def _report(self) -> Resource:
        if not self.leg.picked_up:
            return {"analysis": {}, "artifact": {"messages": [], "transcript": ""}}
        names = {"bot": "AI", "user": "User"}
        lines = [f"{names[line['role']]}: {line['message']}\n" for line in self.messages]
        recording = f"{RECORDINGS}/{self.call_id}-mono.wav"
        return {
            "analysis": {"summary": "The caller was satisfied.", "successEvaluation": "true"},
            "artifact": {
                "messages": [self.messages[0], *self.results, *self.messages[1:]]
                if self.messages
                else [],
                "transcript": "".join(lines),
                "recordingUrl": recording,
                "stereoRecordingUrl": recording.replace("-mono", "-stereo"),
                "recording": {
                    "stereoUrl": recording.replace("-mono", "-stereo"),
                    "mono": {"combinedUrl": recording},
                },
            },
        }

    def _end(self) -> datetime:
        """End by the clock of the call, which runs at the pace of its seconds."""
        leg = self.leg
        return leg.picked_up + timedelta(seconds=leg.seconds) if leg.picked_up else utc_now()

    def _cost(self) -> float:
        return round(math.ceil(self.leg.seconds) / 60 * COST_PER_MINUTE, 4)
