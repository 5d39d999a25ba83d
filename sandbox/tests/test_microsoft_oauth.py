"""OAuth of Microsoft: what only Microsoft does."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.oauth_flow import Flow


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
