"""Mails from templates: subject, text, and HTML whose styles stand in its elements."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.template.loader import get_template

from integrations.email.content.catalogue import TEMPLATES, Template
from integrations.email.errors import TemplateNotFound

_UNNAMED = "A message for you"
# Control codes, and the mark of what mail programs decode (RFC 2047).
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f]|=(?=\?)")


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    html: str


def find(name: str) -> Template:
    """Raises: TemplateNotFound."""
    if name not in TEMPLATES:
        raise TemplateNotFound(name, [*TEMPLATES])
    return TEMPLATES[name]


def render(name: str, context: Mapping[str, str], *, subject: str = "") -> Rendered:
    """A mail of a template. Raises: TemplateNotFound.

    Args:
        subject: empty: the template's own.
    """
    import css_inline  # 5 MiB that a process without such mails never needs

    template = find(name)
    subject = subject or _subject_of(template, context)
    values = {**context, "subject": subject}
    html = get_template(f"email/{name}.html").render(values)
    text = get_template(f"email/{name}.txt").render(values)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
    return Rendered(subject, text.strip() + "\n", inliner.inline(html))


def preview(name: str) -> Rendered:
    """The template with its sample. Raises: TemplateNotFound."""
    return render(name, find(name).sample)


def _subject_of(template: Template, context: Mapping[str, str]) -> str:
    filled = template.subject.format_map(defaultdict(str, context))
    line = " ".join(_NO_TEXT.sub(" ", filled).split())[:200]
    return line.strip() or _UNNAMED
