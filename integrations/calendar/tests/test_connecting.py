"""Connecting a calendar, from the link to the last page, in browsers and against the sandbox."""

from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.calendar.models import AuthorizationRequest, Connection
from integrations.calendar.tests.consent import API, Browser, link, query, sentence
from sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

BOTH = pytest.mark.parametrize("provider", ["google", "microsoft"])


def connection(api: APIClient, provider: str = "google") -> dict[str, Any]:
    return dict(api.get(f"{API}/{provider}").json())


@BOTH
def test_a_person_connects_a_calendar_and_sees_whose_it_is(api: APIClient, provider: str) -> None:
    assert connection(api, provider)["state"] == "none"
    page = Browser().connect(link(api, provider))
    assert page.status_code == 200
    assert "is connected" in sentence(page)
    found = connection(api, provider)
    assert found["state"] == "connected"
    assert "@" in found["account"]
    assert found["connected_at"]


def test_the_first_page_names_the_account_that_gets_the_calendar(api: APIClient) -> None:
    page = Browser().open(link(api))
    assert page.status_code == 200
    assert "ada@example.com" in page.content.decode()
    # With "no-referrer" browsers send `Origin: null` with the form, which CSRF's check refuses.
    assert page["Referrer-Policy"] == "same-origin"
    assert "http" in page["Content-Security-Policy"].split("form-action")[1].split(";")[0]


def test_who_is_logged_in_goes_straight_to_the_provider(api: APIClient, user: User) -> None:
    answer = Browser(user).open(link(api))
    assert answer.status_code == 302
    asked = query(answer["Location"])
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].endswith("/oauth/google/callback")


def test_another_user_of_ava_is_refused_at_both_ends(
    api: APIClient, user: User, stranger: User
) -> None:
    theirs, mine = Browser(stranger), Browser(user)
    refused = theirs.open(link(api))
    assert refused.status_code == 400
    assert "belongs to another user of AVA" in sentence(refused)
    back = mine.decide(mine.to_provider(link(api)))
    mine.client.force_login(stranger)
    refused = mine.open(back)
    assert refused.status_code == 400
    assert "belongs to another user of AVA" in sentence(refused)
    assert not Connection.objects.exists()


def test_another_browser_can_neither_open_the_link_nor_come_back(api: APIClient) -> None:
    mine, other, begun = Browser(), Browser(), link(api)
    back = mine.decide(mine.to_provider(begun))
    assert "opened in another browser" in sentence(other.open(begun))
    assert "begun in another browser" in sentence(other.open(back))
    assert not Connection.objects.exists()
    assert mine.open(back).status_code == 200


def test_the_button_alone_does_nothing_in_a_browser_that_did_not_see_the_page(
    api: APIClient,
) -> None:
    refused = Browser().go_on(link(api))
    assert refused.status_code == 400
    assert not AuthorizationRequest.objects.exclude(state="").exists()


def test_a_callback_serves_once(api: APIClient) -> None:
    browser = Browser()
    back = browser.decide(browser.to_provider(link(api)))
    assert browser.open(back).status_code == 200
    refused = browser.open(back)
    assert refused.status_code == 400
    assert "finished before" in sentence(refused)
    assert connection(api)["state"] == "connected"


def test_a_link_and_a_sign_in_end_after_ten_minutes(api: APIClient) -> None:
    browser, late = Browser(), timezone.now() + timedelta(minutes=10, seconds=1)
    begun = link(api)
    back = browser.decide(browser.to_provider(begun))
    with time_machine.travel(late, tick=True):
        assert "expired" in sentence(browser.open(begun))
        assert "longer than ten minutes" in sentence(browser.open(back))
    assert not Connection.objects.exists()


def test_a_newer_link_ends_the_one_before(api: APIClient) -> None:
    first, _ = link(api), link(api)
    assert "a newer one replaced it" in sentence(Browser().open(first))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "another"}, "AVA knows of no such sign-in"),
        ({"state": ""}, "AVA knows of no such sign-in"),
        ({"code": "another"}, "does not accept this sign-in"),
        ({"code": ""}, "did not finish the sign-in"),
    ],
)
def test_a_callback_that_was_tampered_with_connects_nothing(
    api: APIClient, change: dict[str, str], said: str
) -> None:
    browser = Browser()
    browser.open(begun := link(api))
    back = browser.decide(browser.to_provider(begun))
    refused = browser.client.get("/oauth/google/callback", {**query(back), **change})
    assert refused.status_code == 400
    assert said in sentence(refused)
    assert not Connection.objects.exists()


def test_another_providers_callback_knows_nothing_of_it(api: APIClient) -> None:
    browser = Browser()
    back = browser.decide(browser.to_provider(link(api)))
    refused = browser.client.get("/oauth/microsoft/callback", query(back))
    assert "AVA knows of no such sign-in" in sentence(refused)
    assert browser.client.get("/oauth/nobody/callback", query(back)).status_code == 404


def test_a_code_goes_with_its_own_verifier_only(api: APIClient) -> None:
    browser = Browser()
    stolen = query(browser.decide(browser.to_provider(link(api))))["code"]
    other = query(browser.decide(browser.to_provider(link(api))))
    refused = browser.client.get("/oauth/google/callback", {**other, "code": stolen})
    assert refused.status_code == 400
    assert "does not accept this sign-in" in sentence(refused)
    assert not Connection.objects.exists()


def test_no_parameter_leads_elsewhere(api: APIClient) -> None:
    more = "&next=https://evil.example&redirect_uri=https://evil.example/oauth/google/callback"
    browser, begun = Browser(), link(api) + more
    consent = browser.to_provider(begun)
    assert "evil" not in consent
    page = browser.open(browser.decide(consent) + more)
    assert page.status_code == 200
    assert b"evil" not in page.content


def test_who_denies_is_told_so_and_nothing_is_connected(api: APIClient) -> None:
    page = Browser().connect(link(api), decision="deny")
    assert page.status_code == 400
    assert sentence(page).startswith("You did not allow it. Nothing was connected.")
    assert connection(api)["state"] == "none"


def test_what_is_looked_ahead_at_is_not_used_up(api: APIClient) -> None:
    browser = Browser()
    begun = link(api)
    assert browser.client.head(begun).status_code == 405
    assert browser.connect(begun).status_code == 200


def test_a_box_that_is_not_ticked_is_named(api: APIClient, sandbox: Sandbox) -> None:
    browser = Browser()
    consent = browser.to_provider(link(api))
    boxes = [each for each in query(consent)["scope"].split() if "auth/calendar" not in each]
    page = browser.open(browser.decide(consent, decision="allow", scope=boxes))
    assert page.status_code == 400
    assert "You did not allow AVA to" in sentence(page)
    assert connection(api)["state"] == "none"


def test_who_connects_another_account_replaces_the_first(api: APIClient) -> None:
    Browser().connect(link(api))
    Browser().connect(link(api))
    assert Connection.objects.count() == 1


def test_no_token_is_shown_and_none_is_stored_in_the_clear(
    api: APIClient, sandbox: Sandbox
) -> None:
    Browser().connect(link(api))
    access, refresh = _given(sandbox)
    shown = api.get(f"{API}/google").content.decode()
    [row] = Connection.objects.values()
    for secret in (access, refresh):
        assert secret not in shown
        assert secret not in str(row)


def _given(sandbox: Sandbox) -> tuple[str, str]:
    from integrations.calendar import tokens

    return tokens.opened(Connection.objects.get())


def test_disconnecting_revokes_at_google_and_forgets(api: APIClient, sandbox: Sandbox) -> None:
    Browser().connect(link(api))
    access, _ = _given(sandbox)
    assert api.delete(f"{API}/google").status_code == 204
    assert not Connection.objects.exists()
    asked = requests.get(
        f"{sandbox.url}/google/v1/userinfo",
        headers={"Authorization": f"Bearer {access}"},
        timeout=5,
    )
    assert asked.status_code == 401
    assert api.delete(f"{API}/google").status_code == 204


def test_while_google_cannot_be_asked_nothing_is_forgotten(
    api: APIClient, sandbox: Sandbox
) -> None:
    Browser().connect(link(api))
    fault = {"provider": "google", "kind": "status", "status": 500}
    requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    answer = api.delete(f"{API}/google")
    assert answer.status_code == 502
    assert answer.json()["detail"] == (
        "Connection to Google Calendar failed. Please try again later."
    )
    assert connection(api)["state"] == "connected"


def test_without_an_app_of_the_operators_the_user_hears_whom_to_ask(
    api: APIClient, settings: Any
) -> None:
    settings.OAUTH_APPS = {"google": ("", ""), "microsoft": ("", "")}
    answer = api.post(f"{API}/google/connect")
    assert answer.status_code == 400
    assert answer.json()["code"] == "oauth_app_missing"
    assert "GOOGLE_CLIENT_ID" in answer.json()["detail"]


def test_a_strangers_calendar_is_not_there(api: APIClient, strangers_api: APIClient) -> None:
    Browser().connect(link(api))
    assert connection(strangers_api)["state"] == "none"
    assert strangers_api.delete(f"{API}/google").status_code == 204
    assert connection(api)["state"] == "connected"
