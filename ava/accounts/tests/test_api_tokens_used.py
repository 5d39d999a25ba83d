"""Personal API tokens in use: what they may do, until when, and what they cost."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from ava.accounts.models import ApiToken
from ava.accounts.tests.calls import (
    ME,
    TOKENS,
    assert_unauthenticated,
    client_with,
    make,
)
from ava.cache import recent
from tests.walls.routes import routes

pytestmark = pytest.mark.database

BATCHES = "/api/v1/twilio/messages/bulk"


def test_it_is_its_user(script: APIClient, user: User) -> None:
    assert script.get(ME).json()["username"] == user.username
    assert script.post(f"{BATCHES}").status_code == 400


def test_a_read_token_reads_and_does_not_write(reader: APIClient) -> None:
    assert reader.get(ME).status_code == 200
    assert reader.head(ME).status_code == 200
    answer = reader.post(BATCHES)
    assert (answer.status_code, answer.json()["code"]) == (403, "token_read_only")
    assert answer.json()["detail"] == (
        "This API token may only read. Use one with the scope write."
    )


def test_a_read_token_writes_at_no_address(reader: APIClient) -> None:
    walked = 0
    for path, entry in routes(get_resolver()):
        actions = getattr(entry.callback, "actions", None) or {}
        classes = getattr(entry.callback, "cls", None)
        if not getattr(classes, "authentication_classes", ()):
            continue
        for method in set(actions) - {"get", "head"}:
            answer = getattr(reader, method)(_filled(path), {}, format="json")
            allowed = ("token_read_only", "login_required")
            assert answer.status_code == 403, (method, path)
            assert answer.json()["code"] in allowed
            walked += 1
    assert walked > 10


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", TOKENS),
        ("delete", f"{TOKENS}/{{token}}"),
        ("post", "/api/v1/auth/logout"),
        *(
            (method, f"/api/v1/integrations/{provider}/credentials")
            for method in ("put", "delete")
            for provider in ("vapi", "twilio", "resend", "smtp", "other")
        ),
    ],
)
def test_a_token_changes_nothing_that_logs_in_anywhere(
    script: APIClient, made: dict[str, Any], method: str, path: str
) -> None:
    path = path.format(token=made["id"])
    body = {"name": "x", "scope": "read", "api_key": "vapi-demo-key"}
    answer = getattr(script, method)(path, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "login_required")
    assert ApiToken.objects.count() == 1
    assert script.get(ME).status_code == 200


def test_all_that_changes_credentials_needs_a_login() -> None:
    """An address that is new and named like credentials is looked at here."""
    named = re.compile("credentials$|connect|feed|password|tokens|logout|sessions")
    for path, entry in routes(get_resolver()):
        actions = getattr(entry.callback, "actions", None) or {}
        for method, action in actions.items():
            if method not in ("get", "head") and named.search(path):
                assert action in entry.callback.cls.login_only, (method, path)


def test_the_end_is_the_end(api: APIClient, clock: time_machine.Traveller) -> None:
    ends = timezone.now() + timedelta(hours=1)
    token = client_with(make(api, expires_at=ends.isoformat()).json()["token"])
    clock.shift(timedelta(minutes=59))
    assert token.get(ME).status_code == 200
    clock.shift(timedelta(minutes=1))
    answer = token.get(ME)
    assert_unauthenticated(answer, "token_expired")
    assert answer.json()["detail"] == "This API token has expired. Make a new one."


def test_what_is_no_token_is_refused(made: dict[str, Any]) -> None:
    token = made["token"]
    others = [
        token[:-1],
        f"{token}x",
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        token.swapcase(),
        "ava_" + "0" * 30 + "0" * 6,
        "ava_",
        f"ava_{'é' * 36}",
        token.replace("ava_", "AVA_"),
        token.replace("ava_", ""),
    ]
    for other in others:
        assert_unauthenticated(client_with(other).get(ME), "token_invalid")


def test_its_last_use_is_written_once_a_minute(
    api: APIClient, script: APIClient, clock: time_machine.Traveller
) -> None:
    assert _last_used(api) is None
    began = timezone.now()
    writes = 0
    for _ in range(6):
        recent.forget()
        with CaptureQueriesContext(connection) as asked:
            assert script.get(ME).status_code == 200
        writes += sum("UPDATE" in query["sql"] for query in asked.captured_queries)
        clock.shift(timedelta(seconds=20))
    assert writes == 2
    assert _last_used(api) == began + timedelta(seconds=60)


def test_it_costs_no_more_than_the_token_of_a_login(api: APIClient, script: APIClient) -> None:
    def statements(client: APIClient) -> list[int]:
        counts = []
        recent.forget()
        for _ in range(3):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(ME).status_code == 200
            counts.append(len(asked))
        return counts

    statements(script)  # Its first use is written.
    assert statements(script) == statements(api) == [1, 0, 0]


def test_the_users_limit_counts_tokens_and_logins_together(
    api: APIClient, script: APIClient, reader: APIClient, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE, settings.TRUSTED_PROXIES = 1, 1
    left = []
    for number, client in enumerate((api, script, reader, script, api, reader, script)):
        recent.forget()
        at = f"192.0.2.{number}"
        answer = client.get("/api/v1/integrations", HTTP_X_FORWARDED_FOR=at)
        left.append(answer.status_code)
    assert left == [200] * 6 + [429]


def _filled(path: str) -> str:
    return "/" + re.sub("<uuid:[a-z_]+>", "00000000-0000-4000-8000-000000000000", path).replace(
        "<str:key>", "temperature"
    ).replace("<str:provider>", "vapi")


def _last_used(api: APIClient) -> Any:
    found = api.get(TOKENS).json()["results"][0]["last_used_at"]
    return found and datetime.fromisoformat(found)
