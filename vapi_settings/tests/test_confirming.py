"""Twilio's secrets leave for Vapi only where the password of the user's AVA account comes along.

Mallory holds an access token of Ada's, and nothing else of hers.
"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from conftest import PASSWORD, client_of
from integrations.credentials.models import CredentialChange
from sandbox.vapi import seed
from vapi_settings.conftest import KEY, store_key
from vapi_settings.tests.scripted import ScriptedVapi, scripted_vapi
from vapi_settings.tests.test_importing import NEW, NUMBERS, WANTED, connect_twilio

VAPI = "/api/v1/integrations/vapi/credentials"
WEBHOOK_SECRET = "planted-webhook-secret-0003"
WRONG = {**WANTED, "password": "a guess"}


@pytest.fixture
def vapi(settings: Any, user: User, quick_door: None) -> Any:
    """Vapi, with two organisations: Ada's, and Mallory's."""
    settings.PUBLIC_URL = "https://ava.example"
    settings.RATE_LIMIT_PER_MINUTE = 1000
    with scripted_vapi() as played:
        settings.VAPI_BASE_URL = played.url
        played.on("GET", "/phone-number", 200, seed.PHONE_NUMBERS)
        played.on("POST", "/phone-number", 201, NEW)
        store_key(user, webhook_secret=WEBHOOK_SECRET)
        connect_twilio(user)
        yield played


@pytest.fixture
def mallory(user: User) -> APIClient:
    """A client with a token that is Ada's."""
    return client_of(user)


def imported(vapi: ScriptedVapi) -> list[Any]:
    return vapi.bodies("POST", "/phone-number")


def test_a_stolen_token_and_a_swapped_vapi_key_carry_no_secret_away(
    mallory: APIClient, vapi: ScriptedVapi
) -> None:
    shown = mallory.get(VAPI).json()
    swapped = {"api_key": "mallorys-vapi-key-0001"}
    kept = mallory.put(VAPI, {**swapped, "webhook_secret": shown["webhook_secret"]})
    assert kept.status_code == 400
    assert "webhook_secret" in kept.json()["errors"]
    assert mallory.put(VAPI, swapped).status_code == 200
    asked = {name: WANTED[name] for name in WANTED if name != "password"}
    assert mallory.post(NUMBERS, asked).json()["errors"]["password"] == [
        "Give the password of your AVA account, too: Twilio's secret goes to Vapi."
    ]
    answer = mallory.post(NUMBERS, WRONG)
    assert (answer.status_code, answer.json()["code"]) == (403, "password_wrong")
    assert answer.json()["detail"] == "The password is not right. Nothing was done."
    assert imported(vapi) == []


def test_a_wrong_password_is_not_the_end_of_the_login(api: APIClient, vapi: ScriptedVapi) -> None:
    answer = api.post(NUMBERS, WRONG)
    assert "WWW-Authenticate" not in answer
    assert api.get("/api/v1/auth/me").status_code == 200
    assert api.post(NUMBERS, WANTED).status_code == 201


def test_guesses_at_the_confirmation_are_slowed_and_count_at_the_login(
    mallory: APIClient, vapi: ScriptedVapi
) -> None:
    for _ in range(5):
        assert mallory.post(NUMBERS, WRONG).status_code == 403
    slowed = mallory.post(NUMBERS, WANTED)
    assert (slowed.status_code, slowed.json()["code"]) == (429, "login_slowed")
    assert imported(vapi) == []
    login = {"identifier": "ada", "password": PASSWORD}
    assert APIClient().post("/api/v1/auth/login", login).json()["code"] == "login_slowed"


def test_guesses_at_the_login_slow_the_confirmation(mallory: APIClient, vapi: ScriptedVapi) -> None:
    for _ in range(5):
        APIClient().post("/api/v1/auth/login", {"identifier": "ada", "password": "a guess"})
    assert mallory.post(NUMBERS, WANTED).json()["code"] == "login_slowed"


def test_another_users_password_confirms_nothing(
    stranger: User, mallory: APIClient, vapi: ScriptedVapi
) -> None:
    stranger.set_password("the stranger's own")
    stranger.save()
    answer = mallory.post(NUMBERS, {**WANTED, "password": "the stranger's own"})
    assert answer.json()["code"] == "password_wrong"
    assert imported(vapi) == []


def test_an_account_without_a_password_is_refused_with_the_reason(
    user: User, vapi: ScriptedVapi
) -> None:
    user.set_unusable_password()
    user.save()
    answer = client_of(user).post(NUMBERS, WANTED)
    assert (answer.status_code, answer.json()["code"]) == (403, "password_not_set")
    assert "Ask your operator" in answer.json()["detail"]
    assert imported(vapi) == []


def test_who_handed_which_secrets_to_vapi_is_kept_and_shown_in_the_admin(
    api: APIClient, user: User, operator: User, vapi: ScriptedVapi, client: Any
) -> None:
    api.post(NUMBERS, WRONG)
    shared = CredentialChange.objects.filter(action="shared")
    assert not shared.exists()
    vapi.on("POST", "/phone-number", 500, {})  # it may have arrived all the same
    answer = api.post(NUMBERS, WANTED)
    [row] = shared
    assert (row.owner, row.actor, row.provider, row.source) == (user, user, "twilio", "api")
    assert row.fields == ["account_sid", "auth_token"]
    assert row.correlation_id == answer["X-Correlation-ID"]
    client.force_login(operator)
    page = client.get("/admin/integrations/credentialchange/?action=shared").content.decode()
    assert "handed to another provider" in page


def test_the_password_is_sent_nowhere_and_written_nowhere(
    api: APIClient, vapi: ScriptedVapi, caplog: Any, capfd: Any
) -> None:
    said = [api.post(NUMBERS, body).content.decode() for body in (WRONG, WANTED)]
    seen = str(said) + str(imported(vapi)) + caplog.text + "".join(capfd.readouterr())
    assert PASSWORD not in seen
    assert "a guess" not in seen
    assert KEY not in str(said)
