"""OAuth of Google and Microsoft: what both check."""

import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.oauth_flow import API, CALLBACK, SCOPES, Flow, callback, refusal

EMAILS = {"google": "ada@example.com", "microsoft": "ada@brightside.example"}
OTHERS = {"google": "grace@example.com", "microsoft": "grace@brightside.example"}


@pytest.fixture(params=["google", "microsoft"])
def flow(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Flow]:
    with Flow(sandbox.url, request.param) as client:
        yield client


def test_consent_leads_to_tokens_that_open_the_account(flow: Flow) -> None:
    page = flow.page()
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert ">Allow</button>" in page.text
    assert ">Deny</button>" in page.text
    back = callback(flow.decide({"decision": "allow"}))
    assert back["state"] == "state & more"
    answer = flow.redeem(back["code"])
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3599)
    assert EMAILS[flow.provider] in flow.me(tokens["access_token"]).text
    assert flow.me("other").status_code == 401


def test_the_id_token_is_signed_and_carries_the_nonce(flow: Flow) -> None:
    tokens = flow.connect()
    certs = {"google": "/oauth2/v3/certs", "microsoft": "/common/discovery/v2.0/keys"}
    key = flow.get(certs[flow.provider]).json()["keys"][0]
    public = jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(key))
    claims = jwt.decode(tokens["id_token"], public, algorithms=["RS256"], audience="ava-sandbox")
    assert (claims["nonce"], claims["email"]) == ("n-1", EMAILS[flow.provider])


def test_another_account_is_chosen_on_the_page_or_by_a_hint(flow: Flow) -> None:
    other = OTHERS[flow.provider]
    chosen = flow.connect({"decision": "allow", "account": other})
    hinted = flow.connect(login_hint=other)
    for tokens in (chosen, hinted):
        assert other in flow.me(tokens["access_token"]).text


def test_a_denial_goes_back_to_the_app(flow: Flow) -> None:
    back = callback(flow.decide({"decision": "deny"}))
    assert (back["error"], back["state"]) == ("access_denied", "state & more")
    assert "code" not in back


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_id": "other"}, "not found"),
        ({"client_id": None}, "client_id"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"redirect_uri": "https://evil.example/callback"}, "https://evil.example/callback"),
        ({"redirect_uri": "http://127.0.0.1:8000@evil.example/"}, "evil.example"),
        ({"redirect_uri": "http://127.0.0.1:8000/#x"}, "#x"),
        ({"redirect_uri": "javascript:alert(1)"}, "javascript"),
        ({"redirect_uri": "http://127.0.0.1/\r\nX: y"}, "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("decided", [True, False])
def test_an_unknown_app_or_address_gets_a_page_and_no_redirect(
    flow: Flow, changes: dict[str, str | None], sentence: str, decided: bool
) -> None:
    answer = flow.decide({"decision": "allow"}, **changes) if decided else flow.page(**changes)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert answer.headers["Content-Type"].startswith("text/html")
    assert sentence in answer.text


def test_nothing_of_the_query_becomes_markup(flow: Flow) -> None:
    for changes in ({"client_id": "<script>x"}, {"redirect_uri": "<script>x"}):
        assert "<script" not in flow.page(**changes).text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_as_the_provider_does(
    flow: Flow, changes: dict[str, str | None], error: str
) -> None:
    answer = flow.page(**changes)
    if flow.provider == "google":
        assert (answer.status_code, error in answer.text) == (400, True)
    else:
        assert callback(answer)["error"] == error


def test_a_code_is_good_once(flow: Flow) -> None:
    code = flow.code()
    assert flow.redeem(code).status_code == 200
    assert refusal(flow.redeem(code)) == (400, "invalid_grant")
    assert refusal(flow.redeem("no-code")) == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", ["another-verifier-of-forty-three-characters-01234", "", None])
def test_a_wrong_or_missing_verifier_is_refused_and_the_code_is_used_up(
    flow: Flow, verifier: str | None
) -> None:
    code = flow.code()
    assert refusal(flow.redeem(code, code_verifier=verifier)) == (400, "invalid_grant")
    assert refusal(flow.redeem(code)) == (400, "invalid_grant")


def test_plain_challenges_and_none_at_all_are_taken_too(flow: Flow) -> None:
    plain = flow.code(code_challenge="v" * 43, code_challenge_method=None)
    assert flow.redeem(plain, code_verifier="v" * 43).status_code == 200
    without = flow.code(code_challenge=None, code_challenge_method=None)
    assert flow.redeem(without, code_verifier=None).status_code == 200


@pytest.mark.parametrize("uri", [CALLBACK + "/", CALLBACK + "?x=1", "http://localhost:8000/"])
def test_the_address_must_be_exactly_that_of_the_consent(flow: Flow, uri: str) -> None:
    answer = flow.redeem(flow.code(), redirect_uri=uri)
    assert answer.status_code == 400
    expected = {"google": "redirect_uri_mismatch", "microsoft": "invalid_client"}
    assert answer.json()["error"] == expected[flow.provider]


def test_the_apps_secret_is_checked_in_form_and_header(flow: Flow) -> None:
    code = flow.code()
    assert refusal(flow.redeem(code, client_secret="wrong")) == (401, "invalid_client")
    assert flow.redeem(code, client_secret=None).status_code in (400, 401)
    assert flow.redeem(code, client_id="other").status_code in (400, 401)
    flow.session.auth = ("ava-sandbox", "wrong")
    assert flow.redeem(code, client_id=None, client_secret=None).status_code == 401
    flow.session.auth = ("ava-sandbox", "ava-sandbox-secret")
    assert flow.redeem(code, client_id=None, client_secret=None).status_code == 200


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
def test_a_request_for_tokens_that_lacks_something_is_refused(
    flow: Flow, fields: dict[str, str], error: str
) -> None:
    assert refusal(flow.token(**fields)) == (400, error)


def test_a_refresh_gives_a_new_access_token_and_at_microsoft_a_new_refresh_token(
    flow: Flow,
) -> None:
    first = flow.connect()
    second = flow.refresh(first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert flow.me(second["access_token"]).status_code == 200
    assert ("refresh_token" in second) is (flow.provider == "microsoft")
    assert second.get("refresh_token") != first["refresh_token"]
    # Neither of them makes an old one invalid.
    assert flow.refresh(first["refresh_token"]).status_code == 200


def test_silent_consent_needs_one_that_was_given_before(flow: Flow) -> None:
    assert callback(flow.page(prompt="none"))["error"] == "interaction_required"
    flow.connect()
    assert flow.redeem(callback(flow.page(prompt="none"))["code"]).status_code == 200


def test_no_token_or_secret_shows_in_the_log(flow: Flow, sandbox: Sandbox) -> None:
    tokens = flow.connect()
    flow.refresh(tokens["refresh_token"])
    flow.me(tokens["access_token"])
    log = repr(sandbox.requests(flow.provider))
    for secret in (tokens["access_token"], tokens["refresh_token"], "ava-sandbox-secret"):
        assert secret not in log


def test_faults_apply_to_the_token_endpoint_after_its_work(flow: Flow, sandbox: Sandbox) -> None:
    code = flow.code()
    sandbox.faults.add(flow.provider, "status", status=503, when="after", count=1)
    assert flow.redeem(code).status_code == 503
    assert refusal(flow.redeem(code)) == (400, "invalid_grant")


def test_a_reset_ends_every_token(flow: Flow, sandbox: Sandbox) -> None:
    tokens = flow.connect()
    sandbox.reset()
    assert flow.me(tokens["access_token"]).status_code == 401
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_browser_posts_the_page_from_its_own_origin_only(flow: Flow, sandbox: Sandbox) -> None:
    form = {"decision": "allow"}
    flow.session.headers["Origin"] = "http://evil.example"
    assert flow.decide(form).status_code == 403
    flow.session.headers["Origin"] = sandbox.url
    assert flow.decide(form).status_code == 302


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


@pytest.fixture
def microsoft(sandbox: Sandbox) -> Iterator[Flow]:
    with Flow(sandbox.url, "microsoft") as client:
        yield client


def test_microsoft_gives_a_refresh_token_for_offline_access_only(microsoft: Flow) -> None:
    assert "refresh_token" not in microsoft.connect(scope="User.Read")
    tokens = microsoft.connect(scope="https://graph.microsoft.com/user.read offline_access")
    assert "refresh_token" in tokens
    assert "id_token" not in tokens
    assert tokens["scope"] == "User.Read"


def test_microsofts_errors_carry_their_numbers(microsoft: Flow) -> None:
    answer = microsoft.refresh("x", client_secret="wrong").json()
    assert answer["error_codes"] == [7000215]
    assert answer["error_description"].startswith("AADSTS7000215: Invalid client secret")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} < set(answer)


def test_a_tenant_that_does_not_exist_is_refused(microsoft: Flow) -> None:
    known = "/brightside.onmicrosoft.com/oauth2/v2.0/authorize"
    assert microsoft.get(known, params=microsoft.query()).status_code == 200
    answer = microsoft.get("/no-tenant/oauth2/v2.0/authorize", params=microsoft.query())
    assert answer.json()["error_codes"] == [90002]


def test_microsoft_revokes_all_sessions_of_a_person_who_may(microsoft: Flow) -> None:
    def revoke(tokens: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        path = "/v1.0/me/revokeSignInSessions"
        return microsoft.call("POST", path, headers=headers).status_code

    plain = microsoft.connect()
    assert revoke(plain) == 403
    assert revoke(microsoft.connect(scope="User.RevokeSessions.All")) == 200
    assert microsoft.me(plain["access_token"]).status_code == 401
    assert microsoft.refresh(plain["refresh_token"]).json()["error_codes"] == [50173]


def test_an_unknown_path_is_answered_in_each_providers_own_shape(sandbox: Sandbox) -> None:
    with Client(sandbox.url) as client:
        google = client.get("/google/nothing")
        assert (google.status_code, google.json()["error"]["code"]) == (404, 404)
        microsoft = client.get("/microsoft/v1.0/me/events")
    assert (microsoft.status_code, microsoft.json()["error"]["code"]) == (
        401,
        "InvalidAuthenticationToken",
    )
