"""Page of summary mails: whether there is one after each call, who gets it, what it holds."""

import re
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console import curl
from ava.console.views import page, redirect, render, toast, user_of
from ava.http.api import validation_problem
from integrations.email.summaries import services
from integrations.email.summaries.serializers import MOST, SummariesSerializer

_BETWEEN: Final = re.compile(r"[,;\s]+")


class SummariesForm(forms.Form):
    enabled = forms.BooleanField(required=False, label="Send a mail after each call")
    recipients = forms.CharField(
        required=False,
        widget=forms.Textarea,
        label="Who gets it",
        help_text=f"At most {MOST} addresses, a line each.",
    )
    template = forms.ChoiceField(
        label="How it looks",
        choices=[(services.SUMMARY, "Table and summary"), (services.PLAIN, "Text alone")],
    )
    transcript = forms.BooleanField(
        required=False,
        label="With the transcript",
        help_text="All that was said goes into the mail, and so into other people's mailboxes.",
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        text = given.get("recipients", "")
        wanted = {**given, "recipients": [one for one in _BETWEEN.split(text) if one]}
        check = SummariesSerializer(data=wanted)
        if check.is_valid():
            self.checked = dict(check.validated_data)
            return given
        for place, sentences in (validation_problem(check.errors).errors or {}).items():
            name, _, row = place.partition(".")
            before = f"Address {int(row) + 1}: " if row.isdigit() else ""
            self.add_error(name, [f"{before}{each}" for each in sentences])
        return given


@dataclass(frozen=True)
class SummariesPage:
    title: str
    is_on: bool
    curl: str


@page("GET", "POST")
def summaries(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if request.method == "POST":
        form = SummariesForm(request.POST)
        if not form.is_valid():
            return _page(request, form, is_on="enabled" in request.POST, status=422)
        stored = services.change(user=user, **form.checked)
        word = "sent after each call" if stored.enabled else "off"
        toast(request, f"Call summaries are {word}.")
        return redirect(request, "mail-summaries")
    kept = services.settings_of(user)
    initial = {
        "enabled": kept.enabled,
        "recipients": "\n".join(kept.recipients),
        "template": kept.template,
        "transcript": kept.transcript,
    }
    return _page(request, SummariesForm(initial=initial), is_on=kept.enabled)


def _page(
    request: HttpRequest, form: SummariesForm, *, is_on: bool, status: int = 200
) -> HttpResponse:
    body = {"enabled": True, "recipients": ["ada@example.com"], "template": services.SUMMARY}
    asked = curl.command(request, "PUT", reverse("email-summaries"), body)
    shown = SummariesPage("Call summaries", is_on, asked)
    fragments = {"sheet": "mail/_summaries_form.html"}
    return render(
        request, "mail/summaries.html", shown, fragments=fragments, status=status, form=form
    )
