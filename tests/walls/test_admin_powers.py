"""Powers in the admin: staff with single permissions make nobody more than they are."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from ava.accounts.admin import POWERS
from tests.walls.rows import staff

pytestmark = pytest.mark.slow

USERS = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"
NEW = "another correct horse"


def own(browser: Client) -> User:
    return User.objects.get(pk=browser.session["_auth_user_id"])


def form(user: User, **more: Any) -> dict[str, Any]:
    """The form of a user's page as a browser sends it, without changes."""
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {"username": user.username, "email": user.email, "is_active": "on", **joined, **more}


@pytest.fixture
def sam(db: None) -> Client:
    return staff("auth.view_user", "auth.change_user", "auth.delete_user", "auth.add_user")


def powers(user: User) -> tuple[Any, ...]:
    user.refresh_from_db()
    given = (sorted(row.pk for row in getattr(user, name).all()) for name in POWERS[2:])
    return user.is_staff, user.is_superuser, *given


def asked(**more: Any) -> dict[str, Any]:
    group = Group.objects.create(name="all")
    everything = [str(row.pk) for row in Permission.objects.all()]
    on = {"is_staff": "on", "is_superuser": "on"}
    return {**on, "groups": [str(group.pk)], "user_permissions": everything, **more}


def test_staff_who_may_change_users_give_themselves_no_power(sam: Client) -> None:
    me = own(sam)
    before = powers(me)
    answer = sam.post(f"{USERS}{me.pk}/change/", form(me, **asked()))
    assert answer.status_code == 403
    assert powers(me) == before


def test_staff_who_may_change_users_change_ordinary_ones_and_give_them_no_power(
    sam: Client, user: User
) -> None:
    before = powers(user)
    sent = form(user, first_name="Ada", **asked())
    assert sam.post(f"{USERS}{user.pk}/change/", sent).status_code == 302
    assert powers(user) == before
    assert user.first_name == "Ada"
    shown = sam.get(f"{USERS}{user.pk}/change/").content.decode()
    assert 'name="first_name"' in shown
    assert 'name="is_superuser"' not in shown


def test_a_new_account_is_given_no_power(sam: Client, db: None) -> None:
    sent = {"username": "new", "usable_password": "true", "password1": NEW, "password2": NEW}
    assert sam.post(f"{USERS}add/", {**sent, **asked()}).status_code == 302
    assert powers(User.objects.get(username="new")) == (False, False, [], [])


@pytest.mark.parametrize("kind", ["superuser", "staff", "retired superuser"])
def test_the_accounts_of_staff_are_changed_by_superusers_alone(sam: Client, kind: str) -> None:
    root = User.objects.create_user("root", "root@example.com", "x", is_staff=kind != "superuser")
    User.objects.filter(pk=root.pk).update(
        is_superuser="super" in kind, is_active="retired" not in kind
    )
    root.refresh_from_db()
    before = User.objects.filter(pk=root.pk).values().get()
    one = f"{USERS}{root.pk}/"
    password = {"usable_password": "true", "password1": NEW, "password2": NEW}
    assert sam.get(f"{one}password/").status_code == 403
    assert sam.post(f"{one}password/", password).status_code == 403
    assert sam.post(f"{one}change/", form(root, email="sam@example.com")).status_code == 403
    assert sam.post(f"{one}delete/", {"post": "yes"}).status_code == 403
    for action in ("deactivate", "delete_selected"):
        body = {"action": action, "_selected_action": [root.pk], "post": "yes"}
        sam.post(USERS, body, follow=True)
    assert User.objects.filter(pk=root.pk).values().get() == before
    assert sam.get(f"{one}change/").status_code == 200


def test_staff_set_the_password_of_an_ordinary_account_and_deactivate_it(
    sam: Client, user: User
) -> None:
    password = {"usable_password": "true", "password1": NEW, "password2": NEW}
    password["set-password"] = "1"
    assert sam.post(f"{USERS}{user.pk}/password/", password).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    sam.post(USERS, {"action": "deactivate", "_selected_action": [user.pk]})
    user.refresh_from_db()
    assert not user.is_active


def test_a_superuser_gives_powers(operator: User, user: User) -> None:
    browser = Client()
    browser.force_login(operator)
    sent = form(user, is_staff="on", user_permissions=[str(Permission.objects.all()[0].pk)])
    assert browser.post(f"{USERS}{user.pk}/change/", sent).status_code == 302
    user.refresh_from_db()
    assert user.is_staff
    assert user.user_permissions.count() == 1


def test_groups_are_made_changed_and_deleted_by_superusers_alone(operator: User) -> None:
    sam = staff(*(f"auth.{verb}_group" for verb in ("view", "add", "change", "delete")))
    group = Group.objects.create(name="mine")
    own(sam).groups.add(group)
    sent = {"name": "mine", "permissions": [str(row.pk) for row in Permission.objects.all()]}
    one = f"{GROUPS}{group.pk}/"
    assert sam.get(f"{one}change/").status_code == 200
    for place in (f"{one}change/", f"{GROUPS}add/", f"{one}delete/"):
        assert sam.post(place, {**sent, "post": "yes"}).status_code == 403
    sam.post(GROUPS, {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"})
    assert Group.objects.get().permissions.count() == 0
    browser = Client()
    browser.force_login(operator)
    assert browser.post(f"{one}change/", sent).status_code == 302
    assert group.permissions.count() > 0


def test_staff_take_no_address_that_another_account_logs_in_with(
    sam: Client, user: User, operator: User
) -> None:
    page = sam.post(f"{USERS}{user.pk}/change/", form(user, email="OLGA@example.com"))
    assert "Another account has this e-mail address." in page.content.decode()
    user.refresh_from_db()
    assert user.email == "ada@example.com"
