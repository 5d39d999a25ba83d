"""Pages of mail templates: each with its fields, and a sample as HTML and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console import curl
from ava.console.views import page, render
from integrations.email.content import rendering
from integrations.email.content.catalogue import TEMPLATES, Template
from integrations.email.content.rendering import Rendered
from integrations.email.frames import framed

LABELS: Final[Mapping[str, str]] = {
    name: {"plain": "Text"}.get(name, name.replace("_", " ").capitalize()) for name in TEMPLATES
}
"""Names of templates as people read them."""

_WORDS: Final = {"body": "Text", "to": "Invited to", "what": "What it is", "name": "Name of guest"}


def label_of(field: str) -> str:
    """A template's field as people read it."""
    return _WORDS.get(field) or field.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Shown:
    template: Template
    label: str


@dataclass(frozen=True)
class TemplatesPage:
    title: str
    templates: Sequence[Shown]
    curl: str


@page()
def templates(request: HttpRequest) -> HttpResponse:
    found = TemplatesPage(
        "Templates",
        [Shown(each, LABELS[each.name]) for each in TEMPLATES.values()],
        curl.command(request, "GET", reverse("email-templates")),
    )
    return render(request, "mail/templates.html", found)


@dataclass(frozen=True)
class TemplatePage:
    title: str
    template: Template
    sample: Rendered
    fields: Sequence[tuple[str, str, str, bool]]  # name in the API, label, what it holds, required
    curl: str


@page()
def template(request: HttpRequest, name: str) -> HttpResponse:
    found = rendering.find(name)
    body = {"to": ["ada@example.com"], "template": name, "context": dict(found.sample)}
    shown = TemplatePage(
        LABELS[name],
        found,
        rendering.preview(name),
        [
            (each, label_of(each), text, each in found.required)
            for each, text in found.fields.items()
        ],
        curl.command(request, "POST", reverse("email-messages"), body),
    )
    return render(request, "mail/template.html", shown)


@page()
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The sample, for the frame on the page."""
    return framed(rendering.preview(name).html)
