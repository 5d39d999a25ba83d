"""Personal API tokens: made, used, limited, revoked."""

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from ava.accounts import services
from ava.accounts.models import ApiToken
from ava.accounts.tests.calls import assert_unauthenticated, at_once, log_in
from ava.cache import recent
from tests.walls.routes import routes

pytestmark = pytest.mark.database

TOKENS = "/api/v1/auth/tokens"
ME = "/api/v1/auth/me"
BATCHES = "/api/v1/twilio/messages/bulk"


def make(api: APIClient, **body: Any) -> Any:
    return api.post(TOKENS, {"name": "CI", "scope": "write", **body}, format="json")


def client_with(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def made(api: APIClient) -> dict[str, Any]:
    answer = make(api)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


@pytest.fixture
def script(made: dict[str, Any]) -> APIClient:
    return client_with(made["token"])


@pytest.fixture
def reader(api: APIClient) -> APIClient:
    return client_with(make(api, scope="read").json()["token"])


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def test_the_token_is_shown_once_and_stored_as_a_hash(api: APIClient, made: dict[str, Any]) -> None:
    token = made.pop("token")
    [listed] = api.get(TOKENS).json()["results"]
    assert listed == made
    assert listed["last_four"] == token[-4:]
    row = ApiToken.objects.values().get()
    assert not [name for name, value in row.items() if token[4:30] in str(value)]
    assert "digest" not in listed


def test_the_answer_is_kept_by_no_cache(api: APIClient) -> None:
    assert make(api)["Cache-Control"] == "no-store, private"


def test_scanners_know_it_by_prefix_and_checksum(made: dict[str, Any]) -> None:
    """As GitHub's: CRC-32 of the random part in base 62."""
    random, checksum = re.fullmatch("ava_([0-9A-Za-z]{30})([0-9A-Za-z]{6})", made["token"]).groups()
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    value = 0
    for digit in checksum:
        value = value * 62 + digits.index(digit)
    assert value == zlib.crc32(random.encode())


def test_where_it_was_made_is_kept(api: APIClient) -> None:
    api.post(TOKENS, {"name": "n8n", "scope": "read"}, HTTP_X_CORRELATION_ID="made-here-1")
    row = ApiToken.objects.get(name="n8n")
    assert (row.correlation_id, row.network) == ("made-here-1", "127.0.0.1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", None),
        ("name", "x" * 101),
        ("scope", "admin"),
        ("scope", None),
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("expires_at", "tomorrow"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(api: APIClient, field: str, value: Any) -> None:
    answer = make(api, **{field: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_fifty_are_enough(api: APIClient, made: dict[str, Any]) -> None:
    for _ in range(49):
        assert make(api).status_code == 201
    answer = make(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")
    assert api.delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert make(api).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_fifty_are_enough_also_at_once(api: APIClient, user: User) -> None:
    for _ in range(48):
        make(api)
    statuses = [answer.status_code for answer in at_once(6, lambda: make(api))]
    assert sorted(statuses) == [201, 201, 409, 409, 409, 409]


def test_a_login_that_is_not_fresh_makes_none(user: User, clock: time_machine.Traveller) -> None:
    old = log_in(APIClient()).json()
    clock.shift(timedelta(minutes=16))
    refreshed = APIClient().post("/api/v1/auth/refresh", {"refresh_token": old["refresh_token"]})
    answer = make(client_with(refreshed.json()["access_token"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "login_not_fresh")
    assert make(client_with(log_in(APIClient()).json()["access_token"])).status_code == 201


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


def test_it_shows_at_once(api: APIClient, made: dict[str, Any], script: APIClient) -> None:
    assert script.get(ME).status_code == 200
    assert api.delete(f"{TOKENS}/{made['id']}").status_code == 204
    answer = script.get(ME)
    assert_unauthenticated(answer, "token_invalid")
    assert answer.json()["detail"].endswith("was revoked. Make a new one.")
    assert api.get(TOKENS).json()["results"] == []
    again = api.delete(f"{TOKENS}/{made['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "token_not_found")


def test_a_stranger_neither_sees_nor_revokes_it(
    strangers_api: APIClient, made: dict[str, Any], script: APIClient
) -> None:
    assert strangers_api.get(TOKENS).json()["results"] == []
    assert strangers_api.delete(f"{TOKENS}/{made['id']}").status_code == 404
    assert script.get(ME).status_code == 200


@pytest.mark.parametrize("stop", [services.deactivate, User.delete])
def test_those_of_a_deactivated_user_end(
    script: APIClient, user: User, stop: Callable[[User], Any]
) -> None:
    assert script.get(ME).status_code == 200
    stop(user)
    assert_unauthenticated(script.get(ME), "token_invalid")


def test_those_of_a_user_who_is_active_again_stay_ended(script: APIClient, user: User) -> None:
    services.deactivate(user)
    user.is_active = True
    user.save()
    assert_unauthenticated(script.get(ME), "token_invalid")


def test_a_logout_and_a_changed_password_leave_it(
    api: APIClient, script: APIClient, user: User
) -> None:
    assert api.post("/api/v1/auth/logout").status_code == 204
    user.set_password("another long password")
    user.save()
    assert script.get(ME).status_code == 200


def test_operators_see_and_revoke_it(
    client: Any, operator: User, made: dict[str, Any], script: APIClient
) -> None:
    client.force_login(operator)
    page = client.get("/admin/accounts/apitoken/").content.decode()
    assert made["last_four"] in page
    shown = client.get(f"/admin/accounts/apitoken/{made['id']}/change/").content.decode()
    for secret in (made["token"], ApiToken.objects.get().digest):
        assert secret not in page + shown
    order = {"action": "revoke", "_selected_action": made["id"]}
    answer = client.post("/admin/accounts/apitoken/", order, follow=True)
    assert "Revoked 1 API tokens." in answer.content.decode()
    assert_unauthenticated(script.get(ME), "token_invalid")
    assert client.get("/admin/accounts/apitoken/").status_code == 200


def test_what_has_ended_goes_after_ninety_days(
    api: APIClient, made: dict[str, Any], clock: time_machine.Traveller
) -> None:
    make(api, name="stays")
    make(api, name="ends", expires_at=(timezone.now() + timedelta(days=1)).isoformat())
    api.delete(f"{TOKENS}/{made['id']}")
    call_command("prune")
    assert ApiToken.objects.count() == 3
    clock.shift(timedelta(days=92))
    call_command("prune")
    assert [token.name for token in ApiToken.objects.all()] == ["stays"]


def _filled(path: str) -> str:
    return "/" + re.sub("<uuid:[a-z_]+>", "00000000-0000-4000-8000-000000000000", path).replace(
        "<str:key>", "temperature"
    ).replace("<str:provider>", "vapi")


def _last_used(api: APIClient) -> Any:
    found = api.get(TOKENS).json()["results"][0]["last_used_at"]
    return found and datetime.fromisoformat(found)
