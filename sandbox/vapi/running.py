"""A call as Vapi leads it: it rings, talks, uses tools, ends and is reported on."""

import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import SystemClock, iso_time, utc_now
from sandbox.twilio.call import Call
from sandbox.vapi.numbers import as_created
from sandbox.vapi.server import TIMEOUT_S, Server
from sandbox.vapi.store import Store, Thing

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
class Running:
    """One call that is under way; what it comes to is kept in `store`."""

    store: Store
    call_id: str
    leg: Call
    server: Server
    number: Thing
    assistant: Thing
    said: list[Thing] = field(default_factory=list)
    results: list[Thing] = field(default_factory=list)

    def queued(self) -> None:
        """Vapi has taken it."""
        self._tell("status-update", "queued", status="queued")

    def rung(self) -> None:
        """The phone rings."""
        self._become("ringing")

    def answered(self) -> None:
        """Somebody picked up: talk until one of both has enough."""
        self._become("in-progress", startedAt=iso_time(self.leg.picked_up or utc_now()))
        phone = self.leg.network.phone(self.leg.person)
        greeting = self.assistant.get("firstMessage") or "Hello."
        self.said = [self._line("bot", greeting), self._line("user", "Yes, thank you.")]
        if phone.tool_calls:
            self._use_tools([dict(call) for call in phone.tool_calls])
        else:
            self._talk()

    def over(self) -> None:
        """The line is dead: say so, then report."""
        leg = self.leg
        by = leg.effect.get("ended", "callee")
        reason = ENDED_BY.get(by, "call.in-progress.twilio-completed-call")
        if not leg.picked_up and by not in ("nobody", "error"):
            reason = UNANSWERED[leg.status]
        fields = {"endedReason": reason, "endedAt": iso_time(self._end()), "cost": self._cost()}
        self._become("ended", **fields, **self._report())
        call = self.store.get(self.call_id)
        if call is None:
            return
        report = {
            name: call[name]
            for name in (*fields, "startedAt", "analysis", "artifact")
            if name in call
        }
        self._tell("end-of-call-report", "", **report)

    def hang_up(self) -> None:
        """The assistant ends it."""
        self.leg.end("completed" if self.leg.picked_up else "canceled", "assistant")

    def about(self) -> Thing:
        """What every message about this call carries."""
        call = self.store.get(self.call_id) or {"id": self.call_id}
        return {
            "call": call,
            "phoneNumber": as_created(self.number),
            **{name: call[name] for name in ("customer", "assistant") if name in call},
        }

    def _talk(self) -> None:
        if self.leg.network.phone(self.leg.person).behaviour != "hangup-after":
            self.leg.later(TALK_S, self.hang_up)

    def _use_tools(self, calls: list[Thing]) -> None:
        wishes: list[Thing] = [
            {
                "id": f"call_{SystemClock().new_id().replace('-', '')[:24]}",
                "type": "function",
                "function": {"name": call["name"], "arguments": json.dumps(call["arguments"])},
            }
            for call in calls
        ]
        told = [
            {"type": "function", "function": {"name": wish["function"]["name"]}, "toolCall": wish}
            for wish in wishes
        ]
        message = {
            "type": "tool-calls",
            "toolCallList": wishes,
            "toolWithToolCallList": told,
            **self.about(),
        }
        self.server.ask(message, self._hear_results, TIMEOUT_S)

    def _hear_results(self, answer: Any) -> None:
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
        self._talk()

    def _become(self, status: str, **fields: Any) -> None:
        self.store.update(self.call_id, {"status": status, **fields})
        extra = {"endedReason": fields["endedReason"]} if status == "ended" else {}
        self._tell("status-update", status, status=status, **extra)

    def _tell(self, kind: str, mark: str, **fields: Any) -> None:
        message = {"type": kind, **fields, **self.about()}
        self.server.tell(self.call_id, f"{self.leg.person} {kind} {mark}", message)

    def _line(self, role: str, text: str) -> Thing:
        at = int((self.leg.picked_up or self.leg.created).timestamp() * 1000)
        line: Thing = {"role": role, "time": at, "secondsFromStart": 0.5}
        if role == "tool_call_result":
            return line
        own: Thing = {"source": ""} if role == "bot" else {"isFiltered": False}
        return {**line, **own, "message": text, "endTime": at + 900}

    def _report(self) -> Thing:
        if not self.leg.picked_up:
            return {"analysis": {}, "artifact": {"messages": [], "transcript": ""}}
        names = {"bot": "AI", "user": "User"}
        lines = [f"{names[line['role']]}: {line['message']}\n" for line in self.said]
        recording = f"{RECORDINGS}/{self.call_id}-mono.wav"
        return {
            "analysis": {"summary": "The caller was satisfied.", "successEvaluation": "true"},
            "artifact": {
                "messages": [self.said[0], *self.results, *self.said[1:]] if self.said else [],
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
        """By the clock of the call, which runs at the pace of its seconds."""
        leg = self.leg
        return leg.picked_up + timedelta(seconds=leg.seconds) if leg.picked_up else utc_now()

    def _cost(self) -> float:
        return round(math.ceil(self.leg.seconds) / 60 * COST_PER_MINUTE, 4)
