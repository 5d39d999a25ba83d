"""OAuth of Google: what only Google does."""

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from sandbox.tests.oauth_flow import API, SCOPES, Flow, callback, refusal


@pytest.fixture
def google(sandbox: Sandbox) -> Iterator[Flow]:
    with Flow(sandbox.url, "google") as client:
        yield client


def test_google_gives_a_refresh_token_at_the_first_consent_or_a_shown_one(google: Flow) -> None:
    assert "refresh_token" not in google.connect(access_type=None)
    assert "refresh_token" in google.connect()
    assert "refresh_token" not in google.connect()
    assert "refresh_token" in google.connect(prompt="consent")


def test_google_names_scopes_in_its_own_way_and_lets_people_untick_them(google: Flow) -> None:
    page = google.page().text
    assert page.count('type="checkbox"') == 4
    assert page.count(" disabled") == 2
    whole = google.connect()
    assert whole["scope"] == SCOPES["google"].replace(" email", f" {API}userinfo.email")
    form = [("decision", "allow"), ("chooses", "scopes"), ("scope", f"{API}calendar.freebusy")]
    back = callback(google.decide(form))
    some = google.redeem(back["code"]).json()
    assert some["scope"] == back["scope"]
    assert some["scope"].split() == [
        "openid",
        f"{API}userinfo.email",
        f"{API}calendar.freebusy",
    ]
    none = callback(google.decide({"decision": "allow", "chooses": "scopes"}))
    assert none["scope"] == f"openid {API}userinfo.email"


def test_google_revokes_the_whole_grant_by_either_token(google: Flow) -> None:
    for name in ("access_token", "refresh_token"):
        tokens = google.connect(prompt="consent")
        assert google.call("POST", "/revoke", data={"token": tokens[name]}).json() == {}
        assert google.me(tokens["access_token"]).status_code == 401
        answer = google.refresh(tokens["refresh_token"])
        assert answer.json() == {
            "error": "invalid_grant",
            "error_description": "Token has been expired or revoked.",
        }
        again = google.call("POST", "/revoke", data={"token": tokens[name]})
        assert refusal(again) == (400, "invalid_token")


def test_google_shows_of_a_person_what_was_granted(google: Flow) -> None:
    tokens = google.connect(scope=f"openid {API}calendar.events")
    assert list(google.me(tokens["access_token"]).json()) == ["sub"]
