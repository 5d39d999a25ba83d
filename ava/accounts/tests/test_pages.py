"""Login, logout and change of password in the console."""

import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ava.accounts.devices import DEVICE_COOKIE
from ava.accounts.tests.calls import log_in as log_in_over_rest
from ava.accounts.tests.calls import me
from conftest import PASSWORD

LOGIN, CHANGE = "/login", "/settings/password"
NEW = "a new and longer password"


def log_in(client: Client, username: str = "ada", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"username": username, "password": password, **more})


@pytest.fixture
def browser(user: User) -> Client:
    client = Client()
    assert log_in(client).status_code == 302
    return client


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.com", " Ada@example.com "])
def test_a_user_logs_in_by_name_or_address(client: Client, user: User, name: str) -> None:
    assert log_in(client, name)["Location"] == "/"
    assert client.get("/").status_code == 200


def test_who_was_sent_to_the_login_reads_why(client: Client, db: None) -> None:
    sentence = "Log in, and you go on where you were."
    assert sentence in client.get("/login?next=/calls").content.decode()
    assert sentence not in client.get("/login").content.decode()
    assert sentence not in client.get("/login?next=/").content.decode()


def test_a_login_leads_to_where_the_user_was_going(client: Client, user: User) -> None:
    page = client.get(client.get(CHANGE)["Location"])
    assert f'name="next" value="{CHANGE}"' in page.content.decode()
    assert log_in(client, next=CHANGE)["Location"] == CHANGE


@pytest.mark.parametrize(
    "away", ["https://evil.example.com/", "//evil.example.com", "\\\\evil", ""]
)
def test_a_login_leads_to_no_other_site(client: Client, user: User, away: str) -> None:
    assert "evil" not in client.get(LOGIN, {"next": away}).content.decode()
    assert log_in(client, next=away)["Location"] == "/"


def test_a_login_has_a_new_session(client: Client, user: User) -> None:
    log_in(client)
    before = client.cookies["sessionid"].value
    client.post("/logout")
    log_in(client)
    cookie = client.cookies["sessionid"]
    assert cookie.value != before
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(("who", "password"), [("ada", "wrong"), ("nobody", PASSWORD)])
def test_a_refused_login_does_not_say_which_part_was_wrong(client, user, who, password) -> None:
    page = log_in(client, who, password)
    assert page.status_code == 422
    assert "The user name, e-mail or password is not right." in page.content.decode()
    assert PASSWORD not in page.content.decode()


def test_the_next_thing_to_type_has_the_focus(client: Client, user: User) -> None:
    focused = re.compile(r'<input[^>]* name="(\w+)"[^>]* autofocus')
    assert focused.findall(client.get(LOGIN).content.decode()) == ["username"]
    assert focused.findall(log_in(client, "ada", "wrong").content.decode()) == ["password"]


def test_an_inactive_user_stays_outside_as_one_who_does_not_exist(
    client: Client, user: User
) -> None:
    User.objects.update(is_active=False)
    page = log_in(client)
    assert page.status_code == 422
    assert "The user name, e-mail or password is not right." in page.content.decode()


def test_deactivation_ends_a_login_at_once(browser: Client, user: User) -> None:
    User.objects.update(is_active=False)
    assert browser.get("/")["Location"].startswith("/login")


def test_guesses_are_slowed_down_with_a_sentence_on_counters_shared_with_the_api(
    client: Client, user: User, anyone: APIClient
) -> None:
    with time_machine.travel(1_800_000_000, tick=False):
        codes = [log_in(client, password=f"wrong {n}").status_code for n in range(5)]
        assert codes == [422] * 5
        slowed = log_in(client)
        assert slowed.status_code == 429
        assert slowed["Retry-After"] == "1"
        assert "Too many requests. Please try again in 1s." in slowed.content.decode()
        assert log_in_over_rest(anyone, "ada").status_code == 429


def test_the_eleventh_form_of_a_minute_is_refused_on_the_login_page(client, db, settings) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10
    codes = [log_in(client, f"user{n}", "").status_code for n in range(12)]
    assert codes == [422] * 10 + [429] * 2


def test_a_browser_that_was_let_in_is_not_slowed_by_guesses_elsewhere(browser, anyone) -> None:
    assert browser.cookies[DEVICE_COOKIE]["httponly"]
    browser.post("/logout")
    for n in range(6):
        log_in_over_rest(anyone, "ada", f"wrong {n}", REMOTE_ADDR=f"198.51.100.{n}")
    assert log_in(browser).status_code == 302


def test_a_logout_is_a_post_and_ends_the_login(browser: Client) -> None:
    assert browser.get("/logout").status_code == 405
    page = browser.post("/logout", follow=True)
    assert "You are logged out." in page.content.decode()
    assert browser.get("/")["Location"].startswith("/login")


def test_forms_of_another_site_do_nothing(user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert log_in(strict).status_code == 403
    strict.force_login(user)
    for address in ("/logout", "/theme", CHANGE):
        assert strict.post(address).status_code == 403


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(CHANGE, form, follow=True)


def test_a_new_password_ends_all_other_logins(browser, user, anyone, tokens) -> None:
    other = Client()
    log_in(other)
    page = change(browser)
    assert "Your password is changed." in page.content.decode()
    assert browser.get("/").status_code == 200
    assert other.get("/")["Location"].startswith("/login")
    assert me(anyone, tokens["access_token"]).status_code == 401
    assert log_in(Client(), password=NEW).status_code == 302


def test_a_wrong_present_password_changes_nothing_and_counts_as_a_guess(browser: Client) -> None:
    for n in range(5):
        page = change(browser, old=f"wrong {n}")
        assert page.status_code == 422
        assert "The password is not right. Nothing was done." in page.content.decode()
    assert change(browser, old="wrong").status_code == 429
    assert log_in(Client(), password=PASSWORD).status_code in (302, 429)
    assert log_in(Client(), password=NEW).status_code != 302


def test_a_password_that_is_too_easy_is_refused_with_the_reason(browser: Client) -> None:
    page = change(browser, new="12345")
    assert page.status_code == 422
    assert "too short" in page.content.decode()
