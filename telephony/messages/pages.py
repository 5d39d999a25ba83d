"""Pages of messages: the list, one message as it goes on, the form that sends one."""

import uuid
from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console.lists import listed
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http.problems import Problem
from ava.idempotency.services import Reply
from telephony.forms import OnceForm, Sheet
from telephony.messages import queries, services
from telephony.messages.models import Message
from telephony.messages.serializers import (
    MAX_BODY,
    MessageFiltersSerializer,
    NewMessageSerializer,
)
from telephony.pages import Story
from telephony.rows import Row, excerpt, row

_UNSAID: Final = {
    "undelivered": "The phone's network did not say why. Check the number, then send it again.",
    "failed": "Twilio gave no reason. Check the number, then send it again.",
}
"""What is to be said of an end for which Twilio gives no reason."""


@page()
def messages(request: HttpRequest) -> HttpResponse:
    """The list, and news of it."""
    found = listed(
        request,
        title="Messages",
        noun="message",
        room="messages",
        api="twilio-messages",
        known=MessageFiltersSerializer,
        find=lambda filters: queries.messages(user=user_of(request), filters=filters),
        words=list(Message.machine.ranks),
    )

    def shown(sms: Message) -> Row:
        return row(sms, f"{found.address}/{sms.pk}", excerpt(sms.body))

    return found.as_rows(shown).answer(request, "messages")


@dataclass(frozen=True)
class MessagePage:
    title: str
    message: Message
    story: Story
    trouble: str
    can_be_canceled: bool


@page()
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message. Where nothing has changed since `seen`, nothing is answered."""
    return _message(request, queries.message(user=user_of(request), message_id=message_id))


@page("POST")
def cancel(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Take back a message that is for later."""
    row = services.cancel(queries.message(user=user_of(request), message_id=message_id))
    toast(request, "The message is taken back. Nothing was sent.")
    if is_fragment(request):
        return _message(request, row)
    return redirect(request, "message", message_id)


def _message(request: HttpRequest, row: Message) -> HttpResponse:
    story = Story.of(row, room="messages")
    if is_fragment(request) and request.GET.get("seen") == story.mark:
        return HttpResponse(status=204)
    waits = not (row.is_final or row.reference or row.attempted_at)
    found = MessagePage(
        title="Message",
        message=row,
        story=story,
        trouble=row.error or _UNSAID.get(row.status, ""),
        can_be_canceled=waits,
    )
    fragments = {"drawer-body": "messages/_message.html", "live": "messages/_live.html"}
    return render(request, "messages/message.html", found, fragments=fragments)


class NewMessageForm(OnceForm):
    serializer = NewMessageSerializer
    example = {"to": "+14155550101", "body": "Hello"}

    to = forms.CharField(
        label="Number", max_length=40, help_text="With the country code, such as +1 415 555 0101."
    )
    body = forms.CharField(label="Text", max_length=MAX_BODY, strip=False, widget=forms.Textarea)
    from_number = forms.CharField(
        label="From",
        required=False,
        help_text="Left empty: your default number, else the only one you have.",
    )


@page("GET", "POST")
def send(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    sheet = Sheet(
        "Send a message",
        "Messages",
        "messages",
        "message-new",
        "messages/_fields.html",
        "Send message",
        "twilio-messages",
    )
    if request.method != "POST":
        initial = {"to": request.GET.get("to", ""), "key": uuid.uuid4()}
        return sheet.show(request, NewMessageForm(initial=initial))
    wanted = NewMessageForm(request.POST)
    if not wanted.is_valid():
        return sheet.refuse(request, wanted)

    def act(row: uuid.UUID | None) -> Reply:
        sent = services.send_message(user=user, idempotency=row, **wanted.checked)
        return Reply(201, {"id": str(sent.pk), "status": sent.status})

    try:
        sent = wanted.do(user=user, scope="console.messages", act=act).body
    except Problem as problem:
        return sheet.refuse(request, wanted, problem)
    if sent["status"] == "unknown":
        text = "No answer from Twilio yet. AVA is finding out whether the message was taken."
        toast(request, text, kind="waiting")
    else:
        toast(request, "Message sent.")
    return redirect(request, reverse("message", args=[sent["id"]]))
