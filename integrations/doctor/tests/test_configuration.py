"""Doctor on variables, keys and client secrets."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.calendar.models import Connection
from integrations.credentials.models import Credential
from integrations.doctor import configuration
from integrations.doctor.tests.conftest import Examine

OTHER = base64.b64encode(bytes(range(32))).decode()


def test_an_error_of_the_configuration_is_an_item_with_its_remedy(
    examine: Examine, settings: Any
) -> None:
    settings.AVA_JWT_KEY = "weak"
    said = examine(configuration.variables)
    (weak,) = [one for one in said if "ava.E003" in one[1]]
    assert weak[0] == "needs attention"
    assert "AVA_JWT_KEY is too weak: it needs 32 random characters. Make one:" in weak[1]


def test_stubs_and_sandbox_in_production_need_attention(examine: Examine, settings: Any) -> None:
    settings.PRODUCTION = settings.SANDBOX = True
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    said = " ".join(sentence for _, sentence in examine(configuration.variables))
    assert "Set INTEGRATIONS_STUB_MODE=0. (ava.E001)" in said
    assert "Set AVA_SANDBOX=0. (ava.E015)" in said


def test_the_mode_of_the_providers_is_named(examine: Examine, settings: Any) -> None:
    settings.SANDBOX = False
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    assert examine(configuration.stubs) == [("good", "Real providers, no stubs.")]


@pytest.fixture
def sealed(user: User) -> Credential:
    return Credential.objects.create(user=user, provider="vapi", secrets='{"api_key": "x"}')


def test_rows_that_open_are_good(examine: Examine, sealed: Credential) -> None:
    ((verdict, sentence),) = examine(configuration.sealed_rows)
    assert (verdict, sentence[:19]) == ("good", "1 sealed row opens;")


def test_rows_sealed_by_a_missing_key_name_the_key(
    examine: Examine, sealed: Credential, settings: Any
) -> None:
    lost = sealed.secrets.key_id
    settings.AVA_KEYS = f"k9:{OTHER}"
    ((verdict, sentence),) = examine(configuration.sealed_rows)
    assert verdict == "needs attention"
    assert sentence.startswith(f"1 row is sealed by the key {lost}, which is not in AVA_KEYS.")


def test_another_key_under_the_same_name_is_found(
    examine: Examine, sealed: Credential, settings: Any
) -> None:
    settings.AVA_KEYS = f"{sealed.secrets.key_id}:{OTHER}"
    ((verdict, sentence),) = examine(configuration.sealed_rows)
    assert verdict == "needs attention"
    assert "another key under that name" in sentence
    assert str(sealed.pk) in sentence


def test_rows_of_an_old_key_ask_for_a_rotation(
    examine: Examine, sealed: Credential, settings: Any
) -> None:
    settings.AVA_KEYS = f"k9:{OTHER},{settings.AVA_KEYS}"
    verdicts = dict(examine(configuration.sealed_rows))
    assert "Run: manage.py rotate_keys" in verdicts["needs attention"]
    Credential.objects.all().delete()
    assert {verdict for verdict, _ in examine(configuration.sealed_rows)} == {"good"}


def test_keys_that_cannot_be_read_need_attention(examine: Examine, settings: Any) -> None:
    settings.AVA_KEYS = "k1"
    ((verdict, sentence),) = examine(configuration.sealed_rows)
    assert verdict == "needs attention"
    assert "back from your backup" in sentence


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [
        (-1, "needs attention", "has expired"),
        (5, "needs attention", "expires in 5 days"),
        (90, "good", "is good until"),
    ],
)
def test_the_end_of_a_client_secret_is_told_in_time(
    examine: Examine, settings: Any, days: int, verdict: str, words: str
) -> None:
    settings.OAUTH_APPS = {"microsoft": ("id", "secret")}
    settings.CLIENT_SECRET_EXPIRES = {"microsoft": timezone.now().date() + timedelta(days=days)}
    ((found, sentence),) = examine(configuration.client_secrets)
    assert found == verdict
    assert words in sentence


def test_half_of_an_oauth_app_names_the_other_half(examine: Examine, settings: Any) -> None:
    settings.OAUTH_APPS = {"google": ("id", None), "microsoft": (None, None)}
    half, unused = examine(configuration.client_secrets)
    assert half == ("needs attention", "Half of it is set. Set GOOGLE_CLIENT_SECRET, too.")
    assert unused[0] == "good"


def test_ended_calendar_connections_name_whom_to_ask(examine: Examine, user: User) -> None:
    assert examine(configuration.connections)[0][0] == "good"
    Connection.objects.create(user=user, provider="google", tokens="{}", state="reconnect")
    ((verdict, sentence),) = examine(configuration.connections)
    assert verdict == "needs attention"
    assert sentence.endswith(f"connect again in Settings: {user.pk}.")
