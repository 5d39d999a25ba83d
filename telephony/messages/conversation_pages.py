"""Pages of conversations: their list, and the one with a person, with a box to answer in."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote
from zlib import crc32

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from ava.console import curl
from ava.console.lists import listed
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http.problems import NotFound, Problem
from ava.idempotency.services import Reply
from telephony.addresses import address
from telephony.forms import OnceForm
from telephony.messages import services
from telephony.messages.conversation import Conversation, conversation, conversations
from telephony.messages.models import Message
from telephony.messages.serializers import (
    MAX_BODY,
    ConversationFiltersSerializer,
    NewMessageSerializer,
)
from telephony.rows import Row, excerpt, row


@page()
def talks(request: HttpRequest) -> HttpResponse:
    """The list: the latest message with each person, and news of it."""
    found = listed(
        request,
        title="Conversations",
        noun="conversation",
        room="conversations",
        api="twilio-messages",
        known=ConversationFiltersSerializer,
        find=lambda filters: conversations(user=user_of(request), filters=filters),
    )

    def shown(latest: Message) -> Row:
        return row(latest, reverse("conversation", args=[latest.person]), excerpt(latest.body))

    # What was counted are messages.
    return replace(found.as_rows(shown), count="").answer(request, "messages/conversations")


class ReplyForm(OnceForm):
    serializer = NewMessageSerializer

    to = forms.CharField(widget=forms.HiddenInput)
    from_number = forms.CharField(required=False, widget=forms.HiddenInput)
    body = forms.CharField(label="Text", max_length=MAX_BODY, strip=False, widget=forms.Textarea)


@dataclass(frozen=True)
class ConversationPage:
    title: str
    talk: Conversation
    older: str
    newest: str  # the address of the newest messages, where these are others
    curl: str
    mark: str  # the same for as long as nothing has changed

    @property
    def is_stopped_by_them(self) -> bool:
        return any(one.number for one in self.talk.optouts)


@page("GET", "POST")
def talk(request: HttpRequest, number: str) -> HttpResponse:
    """The newest messages, or those `before` a moment. Where nothing has changed since `seen`,
    nothing is answered."""
    with_whom = _address(number)
    if request.method == "POST":
        return _answer(request, with_whom)
    found = _read(request, with_whom)
    if not (found.talk.messages or found.newest or _can_be_written_to(with_whom)):
        raise NotFound("Nobody has written from this address, and nobody can be written to at it.")
    if is_fragment(request) and request.GET.get("seen") == found.mark:
        return HttpResponse(status=204)
    initial = {"to": with_whom, "from_number": found.talk.ours, "key": uuid.uuid4()}
    return _show(request, found, ReplyForm(initial=initial))


def _answer(request: HttpRequest, number: str) -> HttpResponse:
    user = user_of(request)
    wanted = ReplyForm({**request.POST.dict(), "to": number})
    problem: Problem | None = None
    if wanted.is_valid():

        def act(row: uuid.UUID | None) -> Reply:
            sent = services.send_message(user=user, idempotency=row, **wanted.checked)
            return Reply(201, {"id": str(sent.pk), "status": sent.status})

        try:
            wanted.do(user=user, scope="console.messages", act=act)
            toast(request, "Message sent.")
            return redirect(request, reverse("conversation", args=[number]))
        except Problem as refused:
            problem = refused
            wanted.refuse(problem)
    wanted.put("key", str(uuid.uuid4()))
    status = int(problem.status) if problem and not is_fragment(request) else 422
    return _show(request, _read(request, number), wanted, status=status)


def _read(request: HttpRequest, number: str) -> ConversationPage:
    before = _moment(request.GET.get("before", ""))
    found = conversation(user=user_of(request), number=number, before=before)
    here = reverse("conversation", args=[number])
    facts = [(row.pk, row.status) for row in found.messages], [row.pk for row in found.optouts]
    wanted = {"to": number, "from": found.ours, "body": "..."}
    return ConversationPage(
        title="Conversation",
        talk=found,
        older=f"{here}?before={quote(found.older.isoformat())}" if found.older else "",
        newest=here if before else "",
        curl=curl.command(request, "POST", reverse("twilio-messages"), wanted),
        mark=f"{crc32(repr(facts).encode()):x}",
    )


def _show(
    request: HttpRequest, found: ConversationPage, form: ReplyForm, *, status: int = 200
) -> HttpResponse:
    fragments = {"thread": "messages/_thread.html", "answer": "messages/_answer.html"}
    return render(
        request, "messages/conversation.html", found, fragments=fragments, status=status, form=form
    )


def _address(number: str) -> str:
    """In the form of rows."""
    try:
        return address(number)
    except ValueError:
        return number


def _can_be_written_to(number: str) -> bool:
    try:
        NewMessageSerializer().fields["to"].run_validation(number)
    except serializers.ValidationError:
        return False
    return True


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if timezone.is_aware(found) else None
