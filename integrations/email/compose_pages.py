"""Page of a new mail: its template, the fields of that, a preview that follows, sent once."""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from django import forms
from django.core.validators import MaxLengthValidator
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console import curl
from ava.console.views import page, redirect, render, user_of
from ava.http.problems import Problem
from ava.idempotency.forms import OnceForm, Sheet
from ava.idempotency.services import Reply
from integrations.credentials.providers import PROVIDERS
from integrations.email import routes, services
from integrations.email.content import rendering
from integrations.email.content.catalogue import LINK, TEMPLATES, Template
from integrations.email.content.pages import LABELS, label_of
from integrations.email.frames import framed
from integrations.email.models import OPERATOR, SUBJECT_LENGTH
from integrations.email.pages import say_sent
from integrations.email.serializers import MOST_TEXT, NewMailSerializer

PREVIEW: Final = "mail_preview"
"""Key of the session that holds the HTML of the newest preview."""

_FIELD: Final = "field-"
_LONG: Final = frozenset({"body", "note", "summary", "transcript", "what"})
_BETWEEN: Final = re.compile(r"[,;\n]+")
_GROUPS: Final = ("to", "cc", "bcc", "reply_to")


class ComposeForm(OnceForm):
    serializer = NewMailSerializer

    template = forms.ChoiceField(choices=list(LABELS.items()))
    to = forms.CharField(
        label="To",
        widget=forms.Textarea,
        help_text="Up to 50 addresses, with commas or line breaks between them.",
    )
    subject = forms.CharField(
        max_length=SUBJECT_LENGTH,
        required=False,
        strip=False,
        help_text="Left empty: as the preview has it.",
    )
    cc = forms.CharField(label="Cc", required=False)
    bcc = forms.CharField(label="Bcc", required=False)
    reply_to = forms.CharField(
        label="Answers go to", required=False, help_text="Left empty: to the sender."
    )
    unsubscribe = forms.BooleanField(
        label="Offer to unsubscribe",
        required=False,
        help_text="For what people may not want more of, such as news. Mail programs show a link.",
    )

    def __init__(self, chosen: Template, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.chosen = chosen
        self.names = {"context": f"{_FIELD}{LINK}"}
        for name, help_text in chosen.fields.items():
            field = forms.CharField(
                label=label_of(name),
                help_text=help_text,
                required=name in chosen.required,
                validators=[MaxLengthValidator(MOST_TEXT)],
            )
            if name in _LONG:
                field.widget = forms.Textarea()
            self.fields[f"{_FIELD}{name}"] = field

    def content(self) -> Iterator[tuple[BoundField, bool]]:
        """The template's own fields, and whether they may be left empty."""
        for name in self.chosen.fields:
            yield self[f"{_FIELD}{name}"], name not in self.chosen.required

    @property
    def has_more(self) -> bool:
        """Something stands in the fields that are folded away, or is wrong there."""
        names = ("cc", "bcc", "reply_to", "unsubscribe")
        return any(self[name].value() or self.has_error(name) for name in names)

    def wanted(self) -> dict[str, Any]:
        return body_of(self.cleaned_data, self.chosen)


def body_of(given: Mapping[str, Any], template: Template) -> dict[str, Any]:
    """The request of the API that does what a form holds."""
    body: dict[str, Any] = {"template": template.name}
    for name in _GROUPS:
        parts = map(str.strip, _BETWEEN.split(given.get(name) or ""))
        if found := [*filter(None, parts)]:
            body[name] = found
    if given.get("subject"):
        body["subject"] = given["subject"]
    if given.get("unsubscribe"):
        body["transactional"] = False
    return {**body, "context": _context(given, template)}


def _context(given: Mapping[str, Any], template: Template) -> dict[str, str]:
    fields = {name: given.get(f"{_FIELD}{name}") or "" for name in template.fields}
    return {name: text for name, text in fields.items() if text.strip()}


@dataclass(frozen=True)
class Preview:
    """The mail as it would arrive."""

    subject: str
    text: str
    frame: str  # address of its HTML
    note: str  # what of it is not the person's own words
    curl: str


def _preview(request: HttpRequest, given: Mapping[str, Any], template: Template) -> Preview:
    body = body_of(given, template)
    written: dict[str, str] = body["context"]
    asked = curl.command(request, "POST", reverse("email-messages"), {"to": [], **body})
    if not written:
        found, note = rendering.preview(template.name), "A sample, until you write something."
        frame = reverse("mail-template-html", args=[template.name])
        subject = body.get("subject") or found.subject
        return Preview(subject, found.text, frame, note, asked)
    missing = {name: template.sample[name] for name in template.required if name not in written}
    found = rendering.render(template.name, {**missing, **written}, subject=body.get("subject", ""))
    words = " and ".join(f"“{label_of(name)}”" for name in missing)
    note = f"{words} is a sample, until you write something there." if missing else ""
    request.session[PREVIEW] = found.html
    # Another address for another mail: the frame is loaded again.
    frame = f"{reverse('mail-preview')}?of={crc32(found.html.encode()):x}"
    return Preview(found.subject, found.text, frame, note, asked)


class ComposeSheet(Sheet):
    def again(
        self, request: HttpRequest, form: OnceForm, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        assert isinstance(form, ComposeForm)  # noqa: S101 - narrows the type
        given = form.data if form.is_bound else form.initial
        fragments = {"sheet": "mail/_sheet.html", "preview": "mail/_preview.html"}
        return render(
            request,
            "mail/compose.html",
            self,
            fragments=fragments,
            status=status,
            form=form,
            preview=_preview(request, given, form.chosen),
            sender=_sender(request),
            is_fresh=request.method != "POST",  # else the focus stays where it was
            **more,
        )


_SHEET: Final = ComposeSheet(
    "Write a mail", "Mail", "mail", "mail-new", "mail/_fields.html", "Send mail"
)


def _sender(request: HttpRequest) -> str:
    """Sender of the mail in words; empty: nothing is connected."""
    found = routes.serving_user(user_of(request))
    if not found:
        return ""
    whose = "your operator's" if found[0].holder == OPERATOR else "your own"
    name = PROVIDERS[found[0].backend].name
    return f"From {found[0].from_email} by {name}, {whose} account."


def _chosen(given: Mapping[str, Any]) -> Template:
    return TEMPLATES.get(given.get("template", ""), TEMPLATES["plain"])


@page("GET", "POST")
def compose(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if request.method != "POST":
        chosen = _chosen(request.GET)
        initial = {"to": request.GET.get("to", ""), "template": chosen.name, "key": uuid.uuid4()}
        return _SHEET.again(request, ComposeForm(chosen, initial=initial))
    wanted = ComposeForm(_chosen(request.POST), request.POST)
    if not wanted.is_valid():
        return _SHEET.refuse(request, wanted)

    def act(row: uuid.UUID | None) -> Reply:
        sent = services.send_mail(user=user, idempotency=row, **wanted.checked)
        return Reply(201, {"id": str(sent.pk), "status": sent.status})

    try:
        sent = wanted.do(user=user, scope="console.mail", act=act).body
    except Problem as problem:
        return _SHEET.refuse(request, wanted, problem)
    request.session.pop(PREVIEW, None)
    say_sent(request, sent["status"])
    return redirect(request, "mail-message", sent["id"])


@page("GET", "POST")
def preview(request: HttpRequest) -> HttpResponse:
    """What a mail would look like: by POST the form with its preview, by GET the frame in it."""
    if request.method != "POST":
        return framed(request.session.get(PREVIEW, ""))
    given = {name: request.POST.get(name, "") for name in request.POST}
    return _SHEET.again(request, ComposeForm(_chosen(given), initial=given))
