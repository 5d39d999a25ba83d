"""Form renderer: the inputs that pages are made of, written without a template for each.

Django renders a template and an include for every input, a third of a millisecond each; a page of
four fields spent half of its time there. The HTML is Django's own (`tests/test_inputs.py` holds the
two beside each other); every other widget, form and set of errors goes to Django's templates.
"""

from collections.abc import Callable
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class Inputs(DjangoTemplates):
    """The project's `FORM_RENDERER`."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        write = _WRITERS.get(template_name.removeprefix("django/forms/widgets/"))
        if write is None:
            return super().render(template_name, context, request)
        return write(context["widget"])


def _input(widget: dict[str, Any]) -> SafeString:
    value = widget["value"]
    shown = "" if value is None else format_html(' value="{}"', str(value))
    attributes = flatatt(widget["attrs"])
    html = '<input type="{}" name="{}"{}{}>'
    return format_html(html, widget["type"], widget["name"], shown, attributes)


def _textarea(widget: dict[str, Any]) -> SafeString:
    # Browsers drop the first line break, so that one of the text itself is kept.
    html = '<textarea name="{}"{}>\n{}</textarea>'
    return format_html(html, widget["name"], flatatt(widget["attrs"]), widget["value"] or "")


def _select(widget: dict[str, Any]) -> SafeString:
    groups = format_html_join("", "{}", ([_group(*group)] for group in widget["optgroups"]))
    html = '<select name="{}"{}>{}</select>'
    return format_html(html, widget["name"], flatatt(widget["attrs"]), groups)


def _group(name: str | None, options: list[dict[str, Any]], index: int) -> SafeString:
    html = '<option value="{}"{}>{}</option>'
    parts = ((one["value"], flatatt(one["attrs"]), one["label"]) for one in options)
    shown = format_html_join("", html, parts)
    return format_html('<optgroup label="{}">{}</optgroup>', name, shown) if name else shown


_WRITERS: dict[str, Callable[[dict[str, Any]], SafeString]] = {
    "checkbox.html": _input,
    "date.html": _input,
    "email.html": _input,
    "file.html": _input,
    "hidden.html": _input,
    "number.html": _input,
    "password.html": _input,
    "select.html": _select,
    "text.html": _input,
    "textarea.html": _textarea,
    "time.html": _input,
}
