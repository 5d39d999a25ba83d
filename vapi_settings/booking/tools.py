"""Booking tools of an assistant: what they are called with, and what is said then.

https://docs.vapi.ai/tools/custom-tools. Sentences are for the assistant, which says them in its own
words and language; times are on the local clocks of the tool's time zone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from ava.http.problems import Problem
from ava.intents.states import UNSENT
from ava.upstream import ProviderProblem
from integrations.calendar.events import times
from integrations.calendar.events.errors import SlotTaken
from integrations.calendar.events.records import Slot
from integrations.calendar.events.times import WrongTime
from vapi_settings.booking import services
from vapi_settings.calls.tools import ToolCall, register_tool
from vapi_settings.models import BookingTool
from vapi_settings.own_tools import BOOK, FIND
from vapi_settings.records import text

OFFERED: Final = 5
_FAR: Final = 20
"""Free slots, at most, over which the offered ones are spread."""

NO_CALENDAR: Final = (
    "The calendar is not connected, so nothing can be booked now. Offer to take a message."
)
DEMO: Final = (
    "These are demo times: no calendar is connected, so book_slot books none of them. Say so "
    "before you offer any."
)
NO_ANSWER: Final = (
    "The calendar does not answer right now. Say so, and offer to try again in a moment or to take "
    "a message."
)

LATE: Final = (
    "The calendar takes too long. The booking may still be made: say so, and call book_slot again "
    "with the same time to hear what became of it. Do not book another one meanwhile."
)


def register() -> None:
    register_tool(FIND, find_free_slots, late=NO_ANSWER)
    register_tool(BOOK, book_slot, late=LATE)


def find_free_slots(call: ToolCall) -> str:
    """Free slots in words, from a day on where one is named."""
    tool, now = services.settings_of(call.owner), timezone.now()
    day = _time(tool, call.arguments.get("from"), now)
    try:
        found = services.free(user=call.owner, tool=tool, now=now, day=day)
    except Problem as problem:
        raise _spoken(problem) from None
    if not found:
        return f"Nothing is free {_until(tool, now)}. Offer to take a message."
    free = f"Free are: {_listed(tool, found)}. Each takes {tool.duration} minutes."
    return f"{free} {DEMO}" if services.is_demo(user=call.owner, tool=tool) else free


def book_slot(call: ToolCall) -> str:
    """Outcome of a booking, in words."""
    tool, now = services.settings_of(call.owner), timezone.now()
    start = _time(tool, call.arguments.get("start"), now)
    former = _time(tool, call.arguments.get("instead_of"), now)
    if start is None:
        raise Problem(f"Ask for the time first, and check it with {FIND}.")
    named = {name: _words(call.arguments.get(name)) for name in ("name", "phone", "note")}
    if not named["name"]:
        raise Problem("Ask for the caller's name first.")
    try:
        event = services.book(
            user=call.owner,
            tool=tool,
            call_id=_conversation(call),
            start=start,
            instead_of=former,
            now=now,
            **named,
        )
    except SlotTaken:
        raise Problem(_instead(call, tool, start, now)) from None
    except Problem as problem:
        raise _spoken(problem) from None
    if event.status in UNSENT:
        kept = f" {_said(tool, former)} is booked until then." if former else ""
        return (
            f"The booking of {_said(tool, start)} is being made; the calendar has not confirmed it "
            f"yet. Tell the caller that it will be confirmed, and do not book another time.{kept}"
        )
    booked = f"Booked: {_said(tool, start)}, {tool.duration} minutes."
    if former is None or former == start:
        return booked
    try:
        services.take_back(user=call.owner, tool=tool, call_id=_conversation(call), start=former)
    except Problem:
        return f"{booked} {_said(tool, former)} could not be taken back."
    return f"{booked} {_said(tool, former)} is not booked any more."


def definitions(tool: BookingTool, server: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools as Vapi takes them in `model.tools`.

    Args:
        server: `{"server": ...}`, which Vapi asks; empty: it asks the assistant's.
    """
    today = f"Times are local times of {tool.time_zone} such as 2026-12-24T15:00."
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": f"{about} {today}",
                "parameters": {"type": "object", "properties": members, "required": required},
            },
            **server,
        }
        for name, about, members, required in (
            (
                FIND,
                "Lists free times for an appointment. Call it before you offer any.",
                {"from": _text("The day, or the time, from which on to look; else the next ones.")},
                [],
            ),
            (
                BOOK,
                "Books one of the free times once the caller has agreed to it.",
                {
                    "start": _text("When it begins, as it was listed."),
                    "instead_of": _text(
                        "The start of one booked in this call, which is taken back: for callers "
                        "who change their mind."
                    ),
                    "name": _text("The caller's name."),
                    "phone": _text("Where the caller can be reached."),
                    "note": _text("What it is about."),
                },
                ["start", "name"],
            ),
        )
    ]


def _text(about: str) -> dict[str, str]:
    return {"type": "string", "description": about}


def _conversation(call: ToolCall) -> str:
    """The call; of a chat, which is none, what it asks for stands alone."""
    return call.call_id or call.id


def _words(given: Any) -> str:
    """A text, or a number, of the caller's, in one line."""
    return " ".join(text(str(given) if isinstance(given, int) else given).split())[:200]


def _time(tool: BookingTool, given: Any, now: datetime) -> datetime | None:
    """The moment that the assistant names. Raises: Problem, with a sentence."""
    if not text(given).strip():
        return None
    tz = ZoneInfo(tool.time_zone)
    try:
        found = times.moment(times.when(text(given), tz), tz)
        if text(given).strip().endswith(("Z", "z")) and found.astimezone(tz).utcoffset():
            # Models like to add it to a local time, which would be another one then.
            raise WrongTime(f"Write a local time of {tz.key}, without Z.")
        return found
    except WrongTime as wrong:
        said = f"The time was not understood. {wrong} It is {_said(tool, now)} now."
        raise Problem(said) from None


def _instead(call: ToolCall, tool: BookingTool, start: datetime, now: datetime) -> str:
    taken = f"{_said(tool, start)} is not free."
    try:
        found = services.free(user=call.owner, tool=tool, now=now, day=min(start, now))
    except Problem:
        return f"{taken} Ask for another time."
    after = [slot for slot in found if slot.start >= start] or found
    return f"{taken} Free are: {_listed(tool, after)}." if after else f"{taken} Nothing else is."


def _listed(tool: BookingTool, found: Sequence[Slot]) -> str:
    step = max(min(len(found), _FAR) // OFFERED, 1)
    offered = found[: OFFERED * step : step]
    return "; ".join(_said(tool, slot.start) for slot in offered)


def _said(tool: BookingTool, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(tool.time_zone))
    exact = local if times.is_ambiguous(local) else local.replace(tzinfo=None)
    return f"{local:%A} {local.day} {local:%B} {local:%H:%M} ({exact.isoformat('T', 'minutes')})"


def _until(tool: BookingTool, now: datetime) -> str:
    _, last = services.window(tool, now)
    local = last.astimezone(ZoneInfo(tool.time_zone))
    return f"until {local.day} {local:%B}"


def _spoken(problem: Problem) -> Problem:
    """A sentence for the caller, who cannot solve the problem."""
    return Problem(NO_ANSWER if isinstance(problem, ProviderProblem) else NO_CALENDAR)
