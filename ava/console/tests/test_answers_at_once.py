"""Every action shows at once that it was taken: what each page's forms and links need for that.

That it is seen is tried in a browser: `tests/console/test_answers_at_once.py`.
"""

import re

import pytest

from ava.conf.env import BASE_DIR

FOLDER = BASE_DIR / "templates"
TEXTS = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*.html")}
FORM = re.compile(r"<form\b.*?</form>", re.S)
# It changes what it is about before AVA answers.
AT_ONCE = "data-theme-form"


def holding(what: str) -> list[str]:
    return sorted(name for name, text in TEXTS.items() if what in text)


@pytest.mark.parametrize("template", holding('method="post"'))
def test_each_form_that_changes_something_has_a_button_that_shows_it_is_busy(template: str) -> None:
    for form in FORM.findall(TEXTS[template]):
        if 'method="post"' not in form or AT_ONCE in form:
            continue
        buttons = re.findall(r"<button\b[^>]*>", form)
        sends = [one for one in buttons if 'type="button"' not in one]
        assert sends, form
        assert all(re.search(r'class="(button|menu-item)\b', one) for one in sends), sends


@pytest.mark.parametrize("template", holding("hx-get="))
def test_what_a_page_asks_for_by_itself_says_so_in_its_trigger(template: str) -> None:
    """For those the bar at the top of the page stands still, and for no action of a person's."""
    for element in re.findall(r"<(?!form|a )\w+\b[^>]*\bhx-get=[^>]*>", TEXTS[template]):
        assert re.search(r'hx-trigger="[^"]*(every |load)', element), element
    for action in re.findall(r"<(?:form|a)\b[^>]*\bhx-get=[^>]*>", TEXTS[template]):
        assert "every " not in action, action
