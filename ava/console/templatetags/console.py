"""Template tags of the console: `{% load console %}`. /styleguide shows each in every state."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib import messages
from django.forms import BoundField, CheckboxInput, Textarea
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ava.console import navigation, states, toasts, writing

register = template.Library()


@register.simple_tag
def constant(name: str, room: str = "") -> str:
    """A template that is the same on every page of a room, rendered once in a process; it has the
    rooms and the places."""
    return _rendered(name, room) if not settings.DEBUG else _rendered.__wrapped__(name, room)


@cache
def _rendered(name: str, room: str) -> str:
    more = {"rooms": navigation.rooms(), "places": navigation.places(), "room": room}
    return render_to_string(name, more)


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """A Lucide icon of the sprite; with a label where it stands without a word."""
    extra = " is-large" if size == "large" else ""
    href = f"{static('ava/icons.svg')}#{name}"
    if not label:
        html = '<svg class="icon{}" aria-hidden="true"><use href="{}"/></svg>'
        return format_html(html, extra, href)
    html = '<svg class="icon{}" role="img" aria-label="{}"><use href="{}"/></svg>'
    return format_html(html, extra, label, href)


@register.simple_tag
@lru_cache(maxsize=1024)
def badge(state: str, word: str = "", plain: bool = False) -> str:
    """A state: icon, word, colour. `word` replaces the state's own."""
    shown = states.shown(str(state))
    more = {"shown": shown, "word": word or shown.word, "plain": plain}
    return render_to_string("ui/badge.html", more)


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """ "3 min ago" with the exact time on hover and for screen readers."""
    if moment is None:
        return "-"
    moment = timezone.localtime(moment)
    exact, text = writing.exact(moment), writing.ago(moment, timezone.now())
    # Nothing of it has to be escaped.
    html = f'<time datetime="{moment.isoformat()}" title="{exact}" data-ago>{text}</time>'
    return SafeString(html)


@register.filter
def phone(number: str) -> str:
    return writing.phone(str(number))


@register.filter
def duration(seconds: float | None) -> str:
    return "-" if seconds is None else writing.duration(seconds)


@register.simple_tag
def money(amount: Decimal | float | None, currency: str = "USD") -> str:
    return "-" if amount is None else writing.money(amount, currency)


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField, **more: Any) -> dict[str, Any]:
    """A field of a Django form: label, help before the error, error, counter.

    Args:
        more: `optional=True` says so; `code=True` for monospace; `placeholder`, `autocomplete`,
            `inputmode`, `autofocus` and other attributes of the input.
    """
    optional, code = more.pop("optional", False), more.pop("code", False)
    most = getattr(bound.field, "max_length", None)
    counted = most if isinstance(bound.field.widget, Textarea) or more.pop("count", False) else None
    errors, is_check = list(bound.errors), isinstance(bound.field.widget, CheckboxInput)
    parts = [("help", bound.help_text), ("error", errors), ("counter", counted)]
    described = [f"{bound.auto_id}-{part}" for part, is_there in parts if is_there]
    attributes = {"class": "input is-code" if code else "input", **more}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if is_check:
        attributes.pop("class")
    value = bound.value()
    return {
        "id": bound.auto_id,
        "id_for_label": bound.id_for_label,
        "label": bound.label,
        "help": bound.help_text,
        "errors": errors,
        "is_check": is_check,
        "input": bound.as_widget(attrs=attributes),
        "optional": optional,
        "most": counted,
        "length": len(value) if isinstance(value, str) else 0,
    }


@register.inclusion_tag("ui/toasts.html", takes_context=True)
def toast_region(context: Context) -> Mapping[str, Any]:
    request = context.get("request")
    waiting = messages.get_messages(request) if request is not None else ()
    return {"toasts": toasts.taken(waiting), "csrf_token": context.get("csrf_token")}


@register.simple_block_tag(takes_context=True)
def banner(
    context: Context, content: str, tone: str = "waiting", title: str = "", sign: str = ""
) -> str:
    """What the page as a whole must say: stale, drift, outage. The content is a sentence or two."""
    signs = {"good": "circle-check", "waiting": "clock", "bad": "triangle-alert", "unknown": "info"}
    more = {"content": content, "tone": tone, "title": title, "sign": sign or signs[tone]}
    return _filled(context, "ui/banner.html", more)


@register.simple_block_tag(takes_context=True)
def dialog(context: Context, content: str, id: str, title: str, open: bool = False) -> str:  # noqa: A002 - of HTML
    """A native dialog; `data-opens="ID"` on a link or a button opens it. It names what will happen
    and to whom. Put a form with its buttons in `<div class="dialog-foot">` inside."""
    more = {"content": content, "id": id, "title": title, "open": open}
    return _filled(context, "ui/dialog.html", more)


@register.simple_block_tag(takes_context=True)
def empty(context: Context, content: str, title: str, drawing: str = "list", text: str = "") -> str:
    """What this is, why it is empty; the content is the one next step."""
    more = {"content": content, "title": title, "drawing": drawing, "text": text}
    return _filled(context, "ui/empty.html", more)


def _filled(context: Context, name: str, more: dict[str, Any]) -> str:
    more["content"] = SafeString(more["content"])  # rendered already
    with context.push(**more):
        return render_to_string(name, {str(key): value for key, value in context.flatten().items()})
