"""The admin: a permission opens what it says and nothing else, on every page that is registered."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client

from tests.walls.rows import MODELS, address, everything, permissions, row, staff

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)

LOOKS = {"list", "history", "detail"}
OPENS = {
    "view": LOOKS,
    "change": LOOKS | {"edit"},
    "add": {"add", "added"},
    "delete": {"delete"},
}
LESS = {
    ("auth.User", "add"): "Django asks for change_user besides",
    ("auth.Group", "add"): "a group gives permissions: superusers only",
    ("auth.Group", "change"): "a group gives permissions: superusers only",
    ("auth.Group", "delete"): "a group gives permissions: superusers only",
}
"""Where a permission alone opens less than it says; looking it always opens."""


def opened(browser: Client, model: type[Model], one: Any) -> set[str]:
    """The pages that do not refuse."""
    change = address(model, "change", one.pk)
    answers = {
        "list": browser.get(address(model, "changelist")),
        "history": browser.get(address(model, "history", one.pk)),
        "detail": browser.get(change),
        "edit": browser.post(change, {"planted": "x"}),
        "add": browser.get(address(model, "add")),
        "added": browser.post(address(model, "add"), {"planted": "x"}),
        "delete": browser.get(address(model, "delete", one.pk)),
    }
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 403}
    return {page for page, answer in answers.items() if answer.status_code != 403}


@pytest.fixture
def root(operator: User) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(operator)
    return browser


@every_model
def test_a_permission_alone_opens_what_it_says(
    model: type[Model], root: Client, user: User
) -> None:
    one = row(model, user)
    possible = opened(root, model, one)
    for verb, pages in OPENS.items():
        expected = pages & possible
        if (model._meta.label, verb) in LESS:
            expected &= LOOKS if verb == "change" else set()
        assert opened(staff(*permissions(model, verb)), model, one) == expected, verb


@every_model
def test_all_other_permissions_together_open_nothing(model: type[Model], user: User) -> None:
    own = set(permissions(model))
    found = Permission.objects.values_list("content_type__app_label", "codename")
    others = {f"{app}.{codename}" for app, codename in found} - own
    assert opened(staff(*others), model, row(model, user)) == set()


@every_model
def test_whether_a_row_exists_is_not_told_to_those_who_may_not_look(
    model: type[Model], user: User
) -> None:
    there, browser = row(model, user).pk, staff()
    for key in (there, _another(there)):
        for page in ("change", "delete", "history"):
            assert browser.get(address(model, page, key)).status_code == 403


@every_model
def test_an_action_is_taken_from_those_alone_who_may_change_or_delete(
    model: type[Model], root: Client, user: User
) -> None:
    page: Any = admin.site._registry[model]
    one, shown = row(model, user), address(model, "changelist")
    root.get(shown)  # Some lists make their rows when they are looked at.
    actions = {"delete_selected": ("delete",)}
    actions |= {each.__name__: each.allowed_permissions for each, *_ in page._get_base_actions()}
    viewer = staff(*permissions(model, "view", "add"))
    before = everything()
    for name, asked in actions.items():
        assert set(asked) <= {"change", "operate", "delete"}, name
        viewer.post(shown, {"action": name, "_selected_action": [one.pk], "post": "yes"})
        assert f'value="{name}"' not in viewer.get(shown).content.decode()
    assert everything() == before
    changer = staff(*permissions(model, "change")).get(shown).content.decode()
    expected = {name for name, asked in actions.items() if "delete" not in asked}
    assert {name for name in actions if f'value="{name}"' in changer} == expected


def _another(key: Any) -> Any:
    return key + 1_000 if isinstance(key, int) else "00000000-0000-4000-8000-000000000000"
