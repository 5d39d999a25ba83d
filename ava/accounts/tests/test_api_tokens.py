"""Personal API tokens: made, limited in number, revoked."""

import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from ava.accounts import services
from ava.accounts.models import ApiToken
from ava.accounts.tests.calls import (
    ME,
    TOKENS,
    assert_unauthenticated,
    at_once,
    client_with,
    log_in,
    make,
)

pytestmark = pytest.mark.database


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


def test_the_log_names_it_by_its_id_and_never_shows_it(api: APIClient, caplog: Any) -> None:
    made = make(api).json()
    api.delete(f"{TOKENS}/{made['id']}")
    for event in ("API token made", "API token revoked"):
        [line] = [line for line in caplog.messages if event in line]
        assert made["id"] in line
    assert made["token"][4:] not in caplog.text


def test_where_it_was_made_is_kept(api: APIClient) -> None:
    api.post(TOKENS, {"name": "n8n", "scope": "read"}, HTTP_X_CORRELATION_ID="made-here-1")
    row = ApiToken.objects.get(name="n8n")
    assert (row.correlation_id, row.network) == ("made-here-1", "127.0.0.1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", None),
        ("name", "\u200b\u2060 \u200e"),
        ("name", "x" * 101),
        ("name", "\u200b\u202e\u3164"),
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
