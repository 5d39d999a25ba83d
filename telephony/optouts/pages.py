"""Page of opt-outs: who wants no calls and messages, with a field to enter one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from ava.console import curl
from ava.console.lists import Pages
from ava.console.templatetags.console import ago
from ava.console.views import back, page, redirect, render, toast, user_of
from ava.console.writing import phone
from ava.http.api import validation_problem
from ava.http.problems import Problem
from ava.inbound.limits import storable
from telephony.addresses import person
from telephony.optouts import queries, services
from telephony.optouts.models import OptOut
from telephony.optouts.serializers import NewOptOutSerializer, OptOutFiltersSerializer


class OptOutForm(forms.Form):
    number = forms.CharField(
        label="Number", max_length=40, help_text="With the country code, such as +1 415 555 0101."
    )


@dataclass(frozen=True)
class Row:
    """A person in the list."""

    number: str  # as rows have it
    person: str
    talk: str  # the address of the conversation
    why: str
    since: str


def _row(one: OptOut) -> Row:
    return Row(
        number=one.person,
        person=phone(one.person),
        talk=reverse("conversation", args=[one.person]),
        why=f"Wrote STOP to {phone(one.number)}" if one.number else "Entered by you",
        since=ago(one.at),
    )


@dataclass(frozen=True)
class OptOutsPage:
    title: str
    rows: Sequence[Row]
    search: str
    count: int | None
    newer: str
    older: str
    curl: str


@page("GET", "POST")
def optouts(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _show(request, OptOutForm(initial={"number": request.GET.get("number", "")}))
    # A toast's Undo sends nothing but itself.
    wanted = OptOutForm(request.POST if "number" in request.POST else request.GET)
    if not wanted.is_valid():
        return _show(request, wanted, status=422)
    check = NewOptOutSerializer(data=wanted.cleaned_data)
    if not check.is_valid():
        for sentence in (validation_problem(check.errors).errors or {}).get("number", ()):
            wanted.add_error("number", sentence)
        return _show(request, wanted, status=422)
    row, is_new = services.add(user=user_of(request), person=check.validated_data["number"])
    who = phone(row.person)
    if is_new:
        toast(request, f"{who} gets no more.", undo=_with(reverse("opt-out-end"), row.person))
    else:
        toast(request, f"{who} is on the list already.", kind="waiting")
    return redirect(request, back(request, otherwise="opt-outs"))


@page("POST")
def end(request: HttpRequest) -> HttpResponse:
    """Take a person off the list."""
    who = person(storable(request.POST.get("number", request.GET.get("number", ""))))
    try:
        services.remove(user=user_of(request), person=who)
    except Problem as problem:
        toast(request, problem.detail, kind="bad")
    else:
        undo = _with(reverse("opt-outs"), who)
        toast(request, f"{phone(who)} may be called and written to again.", undo=undo)
    return redirect(request, back(request, otherwise="opt-outs"))


def _show(request: HttpRequest, form: OptOutForm, *, status: int = 200) -> HttpResponse:
    filters = OptOutFiltersSerializer(data={"search": request.GET.get("search", "")})
    search: str = filters.validated_data["search"] if filters.is_valid() else ""
    pager = Pages()
    rows = pager.paginate_queryset(
        queries.optouts(user=user_of(request), search=search), Request(request)
    )
    links = cast(Any, pager.get_paginated_response(rows).data)
    query = f"?{urlencode({'search': search})}" if search else ""
    found = OptOutsPage(
        title="Opt-outs",
        rows=[_row(one) for one in rows],
        search=search,
        count=links["count"],
        newer=_link(links["previous"]),
        older=_link(links["next"]),
        curl=curl.command(request, "GET", reverse("twilio-opt-outs") + query),
    )
    return render(request, "messages/opt_outs.html", found, status=status, form=form)


def _with(address: str, number: str) -> str:
    return f"{address}?{urlencode({'number': number})}"


def _link(link: str | None) -> str:
    return f"{reverse('opt-outs')}?{urlsplit(link).query}" if link else ""
