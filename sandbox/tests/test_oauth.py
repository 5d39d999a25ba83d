"""OAuth of Google and Microsoft: what both check."""

import json
from collections.abc import Iterator

import jwt
import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.oauth_flow import CALLBACK, Flow, callback, refusal

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


def test_an_unknown_path_is_answered_in_each_providers_own_shape(sandbox: Sandbox) -> None:
    with Client(sandbox.url) as client:
        google = client.get("/google/nothing")
        assert (google.status_code, google.json()["error"]["code"]) == (404, 404)
        microsoft = client.get("/microsoft/v1.0/me/events")
    assert (microsoft.status_code, microsoft.json()["error"]["code"]) == (
        401,
        "InvalidAuthenticationToken",
    )
