"""Inputs beside Django's own."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from pytest_django.asserts import assertHTMLEqual

from ava.console.inputs import Inputs

NASTY = "\"><script>alert('x')</script> & Ünïcode"
GROUPS = [("", "any"), (NASTY, NASTY), ("More", [("a", "A"), (3, "Three")])]
WIDGETS: list[tuple[forms.Widget, list[Any]]] = [
    (forms.TextInput(), [None, "", NASTY, 0, 1234567.5]),
    (forms.NumberInput({"min": 0, "max": 10_000, "step": "any"}), [0, 12_345]),
    (forms.EmailInput({"required": True, "disabled": False}), ["ada@example.com"]),
    (forms.PasswordInput({"data-x": NASTY}), ["secret"]),
    (forms.HiddenInput(), [NASTY]),
    (forms.FileInput(), [None]),
    (forms.DateInput({"type": "date"}), ["2026-12-03"]),
    (forms.TimeInput(), ["09:30"]),
    (forms.CheckboxInput(), [True, False, "yes"]),
    (forms.Textarea({"rows": 3}), [None, "", "\nfirst line empty", NASTY]),
    (forms.Select(choices=GROUPS), [None, "", NASTY, "a", 3]),
]


@pytest.mark.parametrize(
    ("widget", "value"), [(widget, value) for widget, values in WIDGETS for value in values]
)
def test_an_input_is_what_django_would_write(widget: forms.Widget, value: Any) -> None:
    attributes = {"id": "id_x", "class": "input"}
    ours = widget.render("x", value, attributes, Inputs())
    assertHTMLEqual(ours, widget.render("x", value, attributes, DjangoTemplates()))


def test_a_text_that_begins_with_an_empty_line_keeps_it() -> None:
    assert ">\n\nfirst" in forms.Textarea().render("x", "\nfirst", {}, Inputs())


def test_forms_are_written_by_it_and_the_rest_by_django() -> None:
    class Form(forms.Form):
        to = forms.CharField()
        scope = forms.ChoiceField(choices=[("read", "Read")], widget=forms.RadioSelect)

    form = Form()
    assert isinstance(form.renderer, Inputs)
    assert 'type="radio"' in str(form["scope"])
