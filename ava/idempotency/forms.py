"""Forms of the console for what is sent once: checked by the serializers of the API."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from rest_framework import serializers

from ava.console import curl
from ava.console.views import is_fragment, render
from ava.http import correlation
from ava.http.api import validation_problem
from ava.http.problems import Problem
from ava.http.responses import with_code
from ava.idempotency import services as idempotency
from ava.idempotency.services import Act, Reply


class OnceForm(forms.Form):
    """A form that does one thing once, however often it is posted: `key` is its Idempotency-Key."""

    serializer: type[serializers.Serializer[Any]]
    names: Mapping[str, str] = MappingProxyType({})
    """The API's name of a field -> the form's, where they differ."""

    example: Mapping[str, Any] = {}
    """Values in "Copy as curl" for what is not filled in yet."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def wanted(self) -> dict[str, Any]:
        """Request that the API would get."""
        given = {self.names.get(name, name): name for name in names(self.serializer)}
        return {
            name: self.cleaned_data[field]
            for field, name in given.items()
            if self.cleaned_data.get(field)
        }

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        check = self.serializer(data=self.wanted())
        if not check.is_valid():
            self.refuse(validation_problem(check.errors))
        else:
            self.checked = dict(check.validated_data)
        return self.cleaned_data

    def request_body(self) -> dict[str, Any]:
        """The request as the API takes it, with what is filled in so far."""
        if self.is_bound and hasattr(self, "cleaned_data"):
            filled = self.wanted()
        else:
            filled = {name: self.initial[name] for name in self.example if self.initial.get(name)}
        return {**(self.example if len(filled) < len(self.example) else {}), **filled}

    def refuse(self, problem: Problem) -> None:
        """Say a problem where it belongs."""
        errors = problem.errors or {}
        for place, sentences in errors.items():
            name, _, row = place.partition(".")
            field = self.names.get(name, name)
            before = f"Row {self.row_of(int(row))}: " if row.isdigit() else ""
            said = [f"{before}{sentence}" for sentence in sentences]
            self.add_error(field if field in self.fields else None, said)
        if not errors:
            self.add_error(None, problem.detail)

    def row_of(self, index: int) -> int:
        """Row of a list's element, as people count."""
        return index + 1

    def put(self, name: str, value: str) -> None:
        """Show another value than was posted."""
        self.data = dict(self.data.items()) | {name: value}

    def do(self, *, user: User, scope: str, act: Act) -> Reply:
        """Do it. Raises: KeyReused, InProgress, and what `act` raises."""
        key = self.cleaned_data["key"] or uuid.uuid4()
        return idempotency.run(user=user, scope=scope, key=str(key), body=self.wanted(), act=act)


@dataclass(frozen=True)
class Sheet:
    """The page of a form, in the drawer or for itself."""

    title: str
    room: str  # where it belongs: the name of the list, and its address
    href: str
    action: str
    template: str
    verb: str
    api: str = ""  # address, or its URL name, of the endpoint that does the same
    styles: str = ""  # its room's own style sheet

    def show(self, request: HttpRequest, form: OnceForm) -> HttpResponse:
        fragments = {"drawer-body": "console/_sheet.html"}
        page, command = "console/sheet.html", self._curl(request, form)
        return render(request, page, self, fragments=fragments, form=form, curl=command)

    def again(
        self, request: HttpRequest, form: OnceForm, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        fragments = {"sheet": "console/_sheet_form.html"}
        page = "console/sheet.html"
        more |= {"form": form, "curl": self._curl(request, form)}
        return render(request, page, self, fragments=fragments, status=status, **more)

    def _curl(self, request: HttpRequest, form: OnceForm) -> str:
        if not self.api:
            return ""
        return curl.command(request, "POST", resolve_url(self.api), form.request_body())

    def refuse(
        self, request: HttpRequest, form: OnceForm, problem: Problem | None = None
    ) -> HttpResponse:
        """The form again, with what is wrong: nothing was done."""
        form.put("key", str(uuid.uuid4()))
        if problem is None:
            return self.again(request, form, status=422)
        form.refuse(problem)
        # htmx puts a refused form into its page for this status alone.
        status = 422 if is_fragment(request) else int(problem.status)
        response = self.again(request, form, status=status, trace=correlation.current())
        for name, value in problem.headers.items():
            response.headers[name] = value
        return with_code(response, problem)


def names(serializer: type[serializers.Serializer[Any]]) -> list[str]:
    """Names of its fields, as the API has them."""
    return [str(name) for name in serializer().fields]
