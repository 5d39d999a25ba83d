"""Shell of the console, which all pages share: strangers, headers, side bar, theme, sandbox."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ava import ratelimit
from ava.console.context import THEME_COOKIE
from ava.console.views import GROUP

HTMX = {"HX-Request": "true"}
PAGE = "/settings/password"


def test_a_stranger_is_sent_to_the_login_and_from_there_back(client: Client) -> None:
    assert client.get("/settings/password")["Location"] == "/login?next=%2Fsettings%2Fpassword"
    assert client.get("/")["Location"] == "/login?next=%2F"


def test_a_strangers_fragment_sends_the_whole_page_to_the_login(client: Client) -> None:
    headers = {**HTMX, "HX-Current-URL": "http://testserver/settings/password"}
    answer = client.get("/", headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/login?next=http%3A%2F%2Ftestserver%2Fsettings")


def test_pages_are_kept_nowhere_and_vary_by_who_asks(browser: Client) -> None:
    page = browser.get("/")
    assert page["Cache-Control"] == "no-store, private"
    assert "Cookie" in page["Vary"]
    assert "HX-Request" in page["Vary"]
    assert page["X-Correlation-ID"]


def test_no_page_may_run_a_script_or_a_style_that_stands_in_it(browser: Client) -> None:
    policy = browser.get("/")["Content-Security-Policy"]
    assert "unsafe-" not in policy


def test_a_page_names_its_room_in_the_side_bar(browser: Client) -> None:
    text = browser.get("/").content.decode()
    assert 'aria-current="page" title="Home"' in text
    assert text.count("<h1>") == 1


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_method_that_a_page_does_not_take_is_refused_as_a_page(browser, method: str) -> None:
    answer = getattr(browser, method)("/", headers={"accept": "text/html"})
    assert answer.status_code == 405
    assert answer["Allow"] == "GET"
    assert answer["Content-Type"].startswith("text/html")


def test_a_problem_is_a_toast_where_a_fragment_was_asked_for(browser: Client) -> None:
    answer = browser.post("/", headers=HTMX)
    assert answer.status_code == 405
    assert "This address does not take that method." in answer["HX-Trigger"]
    assert answer["X-Correlation-ID"] in answer["HX-Trigger"]


def test_a_theme_is_remembered_and_the_page_comes_back(browser: Client) -> None:
    answer = browser.post("/theme", {"theme": "dark", "next": "/settings/password"})
    assert answer["Location"] == "/settings/password"
    assert answer.cookies[THEME_COOKIE]["httponly"]
    assert '<html lang="en" data-theme="dark">' in browser.get("/").content.decode()
    browser.post("/theme", {"theme": '"><script>'})
    assert '<html lang="en">' in browser.get("/").content.decode()


def test_a_form_leads_to_no_other_site(browser: Client) -> None:
    for away in ("https://evil.example.com/", "//evil.example.com", "javascript:alert(1)"):
        assert browser.post("/theme", {"theme": "dark", "next": away})["Location"] == "/"


def test_a_page_over_played_providers_says_so(browser: Client, settings) -> None:
    assert "providers are played" not in browser.get("/").content.decode()
    settings.SANDBOX = True
    for address in ("/", "/nowhere"):
        assert "providers are played" in browser.get(address).content.decode()
    browser.logout()
    assert "providers are played" in browser.get("/login").content.decode()


def test_the_style_guide_is_there_in_development_and_never_in_production(client, settings) -> None:
    settings.SANDBOX, settings.DEBUG = False, False
    assert client.get("/styleguide").status_code == 404
    settings.SANDBOX = True
    page = client.get("/styleguide")
    assert page.status_code == 200
    settings.PRODUCTION = True
    assert client.get("/styleguide").status_code == 404


def test_people_behind_one_address_do_not_use_up_each_others_pages(
    browser: Client, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ratelimit._groups, GROUP, ratelimit.Group(at_most=2, per_user=False))
    other = Client(headers={"accept": "text/html"})
    other.force_login(stranger)
    assert [browser.get(PAGE).status_code for _ in range(3)] == [200, 200, 429]
    assert "Too many requests." in browser.get(PAGE).content.decode()
    assert other.get(PAGE).status_code == 200
    assert [Client().get(PAGE).status_code for _ in range(3)] == [302, 302, 429]
