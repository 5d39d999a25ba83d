"""Pages of calls: the list, one call as it goes on, the form that places one."""

import re
import uuid
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.text import capfirst

from ava.console.lists import listed
from ava.console.templatetags.console import duration
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http.problems import Problem
from ava.idempotency.services import Reply
from telephony.calls import assistants, queries, services
from telephony.calls.models import Call
from telephony.calls.playing import allow, source_of
from telephony.calls.serializers import CallFiltersSerializer, NewCallSerializer
from telephony.forms import OnceForm, Sheet
from telephony.pages import Story
from telephony.rows import Row, row
from vapi_settings import queries as vapi

_TURN: Final = re.compile(r"^(AI|Bot|Assistant|User|Customer):\s*", re.IGNORECASE)
_CALLERS: Final = frozenset({"user", "customer"})

_UNSAID: Final = {
    "busy": "The line was busy. Try again in a few minutes.",
    "no-answer": "The phone rang, and nobody answered. Try again later, or send a message.",
    "failed": "The provider gave no reason. Check that the number exists, then call again.",
}
"""What is to be said of an end for which the provider gives no reason."""


@page()
def calls(request: HttpRequest) -> HttpResponse:
    """The list, and news of it."""
    found = listed(
        request,
        title="Calls",
        noun="call",
        room="calls",
        api="twilio-calls",
        known=CallFiltersSerializer,
        find=lambda filters: queries.calls(user=user_of(request), filters=filters),
        words=list(Call.machine.ranks),
    )
    found, choices = assistants.named(
        found, user=user_of(request), may_ask=not is_fragment(request)
    )
    found = found.as_rows(lambda call: _row(call, found.address))
    return found.answer(request, "calls", choices=choices)


def _row(call: Call, address: str) -> Row:
    who: str = getattr(call, "assistant_name", "") if call.assistant_id else ""
    return row(
        call,
        f"{address}/{call.pk}",
        who or capfirst(call.get_kind_display()),
        takes=duration(call.duration),
        assistant_id=call.assistant_id,
    )


@dataclass(frozen=True)
class Turn:
    who: str
    text: str
    is_caller: bool


@dataclass(frozen=True)
class CallPage:
    title: str
    call: Call
    story: Story
    trouble: str
    says: str
    turns: list[Turn]
    assistant: str  # its name, or its ID
    plays: bool  # the recording, on this page


@page()
def call(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """One call. Where nothing has changed since `seen`, nothing is answered."""
    return _call(request, queries.call(user=user_of(request), call_id=call_id))


@page("POST")
def hang_up(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    ended = services.hang_up(queries.call(user=user_of(request), call_id=call_id))
    if ended.is_final:
        toast(request, "The call is ended.")
    else:
        toast(request, "AVA hangs up as soon as the provider lets it.", kind="waiting")
    return _call(request, ended) if is_fragment(request) else redirect(request, "call", call_id)


def _call(request: HttpRequest, row: Call) -> HttpResponse:
    story = Story.of(row, room="calls")
    if is_fragment(request) and request.GET.get("seen") == story.mark:
        return HttpResponse(status=204)
    found = CallPage(
        title="Call",
        call=row,
        story=story,
        trouble=row.error or _UNSAID.get(row.status, ""),
        says=_says(row),
        turns=_turns(row.transcript),
        assistant=_assistant(request, row),
        # In the drawer the policy of the list's page holds.
        plays=bool(source_of(row)) and request.headers.get("HX-Target") != "drawer-body",
    )
    fragments = {"drawer-body": "calls/_call.html", "live": "calls/_live.html"}
    return allow(row, render(request, "calls/call.html", found, fragments=fragments))


def _assistant(request: HttpRequest, row: Call) -> str:
    names = vapi.names(user_of(request)) if row.assistant_id else {}
    return names.get(row.assistant_id, row.assistant_id)


def _says(row: Call) -> str:
    """The text that it reads aloud."""
    return unescape(strip_tags(row.twiml)) if row.kind == Call.Kind.SAY else ""


def _turns(transcript: str) -> list[Turn]:
    """Who says what, a line each; a line without a speaker goes on with the one before."""
    turns: list[Turn] = []
    for line in filter(None, map(str.strip, transcript.splitlines())):
        speaker = _TURN.match(line)
        who = speaker[1] if speaker else ""
        is_caller = who.lower() in _CALLERS if who else bool(turns) and turns[-1].is_caller
        name = "Caller" if is_caller else "Assistant" if who else ""
        turns.append(Turn(name, line[speaker.end() :] if speaker else line, is_caller))
    return turns


class NewCallForm(OnceForm):
    serializer = NewCallSerializer
    example = {"to": "+14155550101", "say": "Hello"}

    to = forms.CharField(
        label="Number", max_length=40, help_text="With the country code, such as +1 415 555 0101."
    )
    what = forms.ChoiceField(choices=[("say", "Read a text"), ("assistant_id", "Assistant talks")])
    say = forms.CharField(
        label="What to say", max_length=1000, required=False, widget=forms.Textarea
    )
    assistant_id = forms.CharField(label="Assistant", max_length=64, required=False)
    from_number = forms.CharField(
        label="From",
        required=False,
        help_text="Left empty: your default number, else the only one you have.",
    )

    def __init__(self, *args: Any, assistants: list[tuple[str, str]], why: str, **more: Any):
        super().__init__(*args, **more)
        if assistants:
            self.fields["assistant_id"].widget = forms.Select(choices=assistants)
        self.fields["assistant_id"].help_text = why

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        what = given.get("what")
        for name in {"say", "assistant_id"} - {what}:
            given[name] = ""
        if what and not given.get(what) and what not in self.errors:
            wanted = "Write what to say." if what == "say" else "Choose an assistant."
            self.add_error(what, wanted)
        return super().clean()


@page("GET", "POST")
def place(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    sheet = Sheet(
        "Place a call",
        "Calls",
        "calls",
        "call-new",
        "calls/_fields.html",
        "Place call",
        "twilio-calls",
    )
    assistants, why = _assistants(request)
    form = partial(NewCallForm, assistants=assistants, why=why)
    if request.method != "POST":
        initial = {"to": request.GET.get("to", ""), "what": "say", "key": uuid.uuid4()}
        return sheet.show(request, form(initial=initial))
    wanted = form(request.POST)
    if not wanted.is_valid():
        return sheet.refuse(request, wanted)

    def act(row: uuid.UUID | None) -> Reply:
        placed = services.place_call(user=user, idempotency=row, **wanted.checked)
        return Reply(201, {"id": str(placed.pk), "status": placed.status})

    try:
        placed = wanted.do(user=user, scope="console.calls", act=act).body
    except Problem as problem:
        return sheet.refuse(request, wanted, problem)
    if placed["status"] == "unknown":
        text = "No answer from the provider yet. AVA is finding out whether the phone rings."
        toast(request, text, kind="waiting")
    else:
        toast(request, "Call successfully placed!")
    return redirect(request, reverse("call", args=[placed["id"]]))


def _assistants(request: HttpRequest) -> tuple[list[tuple[str, str]], str]:
    """IDs and names to choose from, or why there are none."""
    try:
        found = vapi.assistants(user=user_of(request)).value
    except Problem as problem:
        return [], problem.detail
    return [(one.id, one.name or one.id) for one in found], ""
