"""Forms of the rooms of calls and messages."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html

from ava.http.problems import Problem
from ava.idempotency import forms
from telephony.errors import OptedOut


class OnceForm(forms.OnceForm):
    names = {"from": "from_number"}

    def refuse(self, problem: Problem) -> None:
        if not isinstance(problem, OptedOut):
            super().refuse(problem)
            return
        link = '{} <a href="{}">To the opt-outs</a>'
        self.add_error(None, format_html(link, problem.detail, reverse("opt-outs")))


@dataclass(frozen=True)
class Sheet(forms.Sheet):
    styles: str = "ava/pages/telephony.css"
