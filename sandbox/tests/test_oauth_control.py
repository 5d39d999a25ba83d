"""`POST /_sandbox/oauth`: tokens that end behind the app's back."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.oauth_flow import Flow, refusal


@pytest.fixture(params=["google", "microsoft"])
def flow(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Flow]:
    with Flow(sandbox.url, request.param) as client:
        yield client


def order(control: Client, flow: Flow, what: str, **more: Any) -> None:
    answer = control.post("/oauth", {"provider": flow.provider, "do": what, **more})
    assert answer.status_code == 200, answer.text


def test_expired_access_tokens_and_codes_are_refused_and_a_refresh_helps(
    flow: Flow, control: Client
) -> None:
    tokens, code = flow.connect(), flow.code()
    order(control, flow, "expire")
    assert flow.me(tokens["access_token"]).status_code == 401
    assert refusal(flow.redeem(code)) == (400, "invalid_grant")
    fresh = flow.refresh(tokens["refresh_token"]).json()
    assert flow.me(fresh["access_token"]).status_code == 200


def test_the_next_access_token_and_no_other_lives_as_long_as_was_ordered(
    flow: Flow, control: Client
) -> None:
    order(control, flow, "shorten", seconds=0)
    tokens = flow.connect()
    assert tokens["expires_in"] == 0
    assert flow.me(tokens["access_token"]).status_code == 401
    assert flow.refresh(tokens["refresh_token"]).json()["expires_in"] == 3599
    for wrong in ({"do": "shorten"}, {"do": "expire", "seconds": 1}):
        assert control.post("/oauth", {"provider": flow.provider, **wrong}).status_code == 400


def test_a_revoked_consent_ends_all_tokens_until_the_next_consent(
    flow: Flow, control: Client
) -> None:
    tokens, code = flow.connect(), flow.code()
    order(control, flow, "revoke")
    assert flow.me(tokens["access_token"]).status_code == 401
    assert refusal(flow.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert refusal(flow.redeem(code)) == (400, "invalid_grant")
    again = flow.connect()
    assert flow.me(again["access_token"]).status_code == 200
    assert "refresh_token" in again


def test_a_rotating_refresh_token_serves_once(flow: Flow, control: Client) -> None:
    tokens = flow.connect()
    order(control, flow, "rotate")
    assert flow.me(tokens["access_token"]).status_code == 401
    second = flow.refresh(tokens["refresh_token"]).json()
    assert flow.me(second["access_token"]).status_code == 200
    assert refusal(flow.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    third = flow.refresh(second["refresh_token"]).json()
    assert third["refresh_token"] not in (second["refresh_token"], tokens["refresh_token"])
    assert refusal(flow.refresh(second["refresh_token"])) == (400, "invalid_grant")


def test_an_expired_refresh_token_is_refused(flow: Flow, control: Client) -> None:
    tokens = flow.connect()
    order(control, flow, "expire-refresh-tokens")
    answer = flow.refresh(tokens["refresh_token"])
    assert refusal(answer) == (400, "invalid_grant")
    if flow.provider == "microsoft":
        assert answer.json()["error_codes"] == [700082]


def test_an_expired_client_secret_is_refused_until_the_reset(
    flow: Flow, control: Client, sandbox: Sandbox
) -> None:
    tokens = flow.connect()
    order(control, flow, "expire-secret")
    answer = flow.refresh(tokens["refresh_token"])
    assert refusal(answer) == (401, "invalid_client")
    if flow.provider == "microsoft":
        assert answer.json()["error_description"].startswith("AADSTS7000222")
    sandbox.reset()
    assert flow.refresh(flow.connect()["refresh_token"]).status_code == 200


def test_registered_addresses_are_the_only_ones(flow: Flow, control: Client) -> None:
    public = "https://ava.example/oauth/callback"
    order(control, flow, "register", redirect_uris=[public])
    assert flow.page().status_code == 400
    assert flow.page(redirect_uri=public).status_code == 200
    assert flow.page(redirect_uri=public + "/").status_code == 400


def test_the_other_providers_tokens_are_left_alone(sandbox: Sandbox, control: Client) -> None:
    with Flow(sandbox.url, "google") as google, Flow(sandbox.url, "microsoft") as microsoft:
        tokens = microsoft.connect()
        order(control, google, "revoke")
        assert microsoft.me(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"provider": "google"},
        {"provider": "vapi", "do": "expire"},
        {"provider": "google", "do": "explode"},
        {"provider": "google", "do": "register"},
        {"provider": "google", "do": "expire", "redirect_uris": []},
        {"provider": "google", "do": "register", "redirect_uris": ["javascript:x"]},
        {"provider": "google", "do": "expire", "x": 1},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(control: Client, wrong: Any) -> None:
    answer = control.post("/oauth", wrong)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
