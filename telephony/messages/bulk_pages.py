"""Pages of batches: the list, a batch as it goes on, the form that shows first what it sends."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from rest_framework import serializers

from ava.console.lists import listed
from ava.console.templatetags.console import ago, badge
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.console.writing import phone
from ava.http.problems import Problem
from ava.idempotency.services import Reply
from ava.intents.states import CANCELED, SCHEDULED
from telephony.forms import OnceForm, Sheet
from telephony.messages import bulk, queries
from telephony.messages.models import Batch, Message
from telephony.messages.recipient_lists import LARGEST_FILE, recipients, text_of
from telephony.messages.serializers import MAX_BODY, NewBatchSerializer

_MOST_SHOWN = 100  # of those that are left out


@page()
def batches(request: HttpRequest) -> HttpResponse:
    found = listed(
        request,
        title="Messages to many",
        noun="batch",
        room="batches",
        api="twilio-batches",
        known=serializers.Serializer,
        find=lambda filters: queries.batches(user=user_of(request)),
    )
    return render(request, "messages/batches.html", found.as_rows(_row))


@dataclass(frozen=True)
class Row:
    """A batch in the list."""

    href: str
    when: str
    sender: str
    state: str
    per_minute: str


def _row(one: Batch) -> Row:
    return Row(
        href=reverse("batch", args=[one.pk]),
        when=ago(one.created_at),
        sender=phone(one.from_number),
        state=badge(one.state, plain=True),
        per_minute=str(one.per_minute),
    )


@dataclass(frozen=True)
class BatchPage:
    title: str
    batch: Batch
    total: int
    left: int
    failed: int
    canceled: int

    @property
    def done(self) -> int:
        return self.total - self.left - self.canceled

    @property
    def is_over(self) -> bool:
        return self.batch.state not in bulk.GOING_ON

    @property
    def is_paused(self) -> bool:
        return self.batch.state == Batch.State.PAUSED

    @property
    def every(self) -> int:
        """Seconds until the next look; 0: nothing more is to come."""
        return 0 if self.is_over else 10 if self.is_paused else 2

    @property
    def minutes(self) -> int:
        """That the rest takes at its pace, begun ones as whole ones."""
        return -(-self.left // self.batch.per_minute)


@page()
def batch(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    return _batch(request, queries.batch(user=user_of(request), batch_id=batch_id))


def _turn(turn: Callable[[Batch], Batch], said: str) -> Callable[..., HttpResponse]:
    @page("POST")
    def view(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
        row = turn(queries.batch(user=user_of(request), batch_id=batch_id))
        toast(request, said)
        return _batch(request, row) if is_fragment(request) else redirect(request, "batch", row.pk)

    return view


pause = _turn(bulk.pause, "Paused. Nothing more is sent until you resume.")
resume = _turn(bulk.resume, "The batch goes on.")
cancel = _turn(bulk.cancel, "The batch is ended. What has been sent stays sent.")


def _batch(request: HttpRequest, row: Batch) -> HttpResponse:
    [counted] = queries.count([row])
    progress = counted.progress
    found = BatchPage(
        title="Messages to many",
        batch=counted,
        total=sum(progress.values()),
        left=progress.get(SCHEDULED, 0),
        failed=sum(progress.get(word, 0) for word in Message.FAILED),
        canceled=progress.get(CANCELED, 0),
    )
    return render(
        request, "messages/batch.html", found, fragments={"live": "messages/_batch_live.html"}
    )


class NewBatchForm(OnceForm):
    serializer = NewBatchSerializer
    example = {"recipients": ["+14155550101", "+14155550102"], "body": "Hello"}

    recipients = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea,
        help_text="A number to a line, or CSV: the number in the first column, or in the one that "
        "the first row calls phone or number.",
    )
    file = forms.FileField(
        label="Or a CSV file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        help_text="Up to 60 kB, which is some 2,000 people. It replaces the list above.",
    )
    body = forms.CharField(label="Text", max_length=MAX_BODY, strip=False, widget=forms.Textarea)
    per_minute = forms.IntegerField(label="Messages a minute", min_value=1, max_value=600)
    from_number = forms.CharField(
        label="From",
        required=False,
        help_text="Left empty: your default number, else the only one you have.",
    )
    looked_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        text, file = self.cleaned_data.get("recipients", ""), self.cleaned_data.get("file")
        if file:
            try:
                text = text_of(file.read(LARGEST_FILE + 1))
            except ValueError as fault:
                self.add_error("file", str(fault))
            else:
                self.put("recipients", text)
        self.list = recipients(text)
        if not self.list.numbers and not self.errors:
            self.add_error("recipients", "Paste a list of numbers, or choose a file.")
        self.cleaned_data["recipients"] = self.list.numbers
        return super().clean()

    def row_of(self, index: int) -> int:
        return self.list.lines[index] if index < len(self.list.lines) else index + 1

    @property
    def mark(self) -> str:
        """The same for as long as the same would be sent."""
        return f"{crc32(repr(sorted(self.wanted().items())).encode()):x}"


@dataclass(frozen=True)
class Review:
    """What would be sent."""

    accepted: int
    rejected: list[dict[str, Any]]
    sender: str
    minutes: int
    has_header: bool
    rows: Sequence[int]  # of the list, by index

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [{**each, "row": self.rows[each["index"]]} for each in self.rejected[:_MOST_SHOWN]]

    @property
    def more(self) -> int:
        return max(0, len(self.rejected) - _MOST_SHOWN)


@page("GET", "POST")
def start(request: HttpRequest) -> HttpResponse:
    """First it is shown what would be sent; that, unchanged, is then sent."""
    user = user_of(request)
    sheet = Sheet(
        "Write to many",
        "Messages to many",
        "batches",
        "batch-new",
        "messages/_batch_fields.html",
        "Check the list",
        "twilio-batches",
    )
    if request.method != "POST":
        initial = {"per_minute": 60, "key": uuid.uuid4()}
        return sheet.show(request, NewBatchForm(initial=initial))
    wanted = NewBatchForm(request.POST, request.FILES)
    if not wanted.is_valid():
        return sheet.refuse(request, wanted)

    def act(row: uuid.UUID | None) -> Reply:
        begun = bulk.start(user=user, idempotency=row, **wanted.checked)
        return Reply(201, {"id": str(begun.pk)})

    try:
        if "send" not in request.POST or wanted.cleaned_data["looked_at"] != wanted.mark:
            return sheet.again(request, wanted, review=_review(request, wanted))
        begun = wanted.do(user=user, scope="console.bulk", act=act).body
    except Problem as problem:
        return sheet.refuse(request, wanted, problem)
    toast(request, "The batch has begun.")
    return redirect(request, reverse("batch", args=[begun["id"]]))


def _review(request: HttpRequest, wanted: NewBatchForm) -> Review:
    tried = bulk.start(user=user_of(request), **{**wanted.checked, "dry_run": True})
    accepted = tried.progress[SCHEDULED]
    minutes = -(-accepted // tried.per_minute)
    wanted.put("looked_at", wanted.mark)
    return Review(
        accepted,
        tried.rejected,
        tried.from_number,
        minutes,
        has_header=wanted.list.has_header,
        rows=wanted.list.lines,
    )
