"""Tampering with rows in the database redirects no sealed secret."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from ava.sealing.fields import seal
from integrations.credentials import store
from integrations.credentials.errors import CredentialsUnreadable
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for, save
from integrations.credentials.tests.conftest import SMTP, TWILIO, VAPI_KEY

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("unlimited")]

SAID = (
    "Your stored {} credentials cannot be read any more. Enter them again in Settings, or ask "
    "your operator to restore the encryption key."
)
STORED: dict[str, dict[str, Any]] = {
    "vapi": {"api_key": VAPI_KEY, "default_assistant_id": "a1"},
    "twilio": {**TWILIO, "default_from": "+15005550006"},
    "resend": {"api_key": "re_planted_key_0008", "from_email": "ada@example.com"},
    "smtp": SMTP,
}
CLEAR = [
    (provider, name)
    for provider, fields in STORED.items()
    for name in fields
    if name not in PROVIDERS[provider].secret_names
]


@pytest.fixture
def row(user: User) -> Any:
    def row(provider: str) -> Credential:
        values = STORED[provider]
        return save(user=user, provider=provider, values=values, actor=user, source="api")

    return row


def write(row: Credential, column: str, value: str) -> None:
    """Change a column behind AVA's back."""
    key = Credential._meta.pk.get_db_prep_value(row.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE integrations_credential SET {column} = %s WHERE id = %s",
            [value, key],
        )
        assert cursor.rowcount == 1


def as_earlier(row: Credential) -> None:
    """Seal the secrets alone, as the release before did."""
    fields = json.loads(row.secrets.open())
    names = PROVIDERS[row.provider].secret_names & fields.keys()
    row.secrets = json.dumps({name: fields[name] for name in names})
    row.save()


@pytest.mark.parametrize("how", ["changed", "removed"])
@pytest.mark.parametrize(("provider", "name"), CLEAR)
def test_a_field_changed_in_sql_makes_the_row_unreadable(
    api: APIClient, row: Any, address: Any, provider: str, name: str, how: str
) -> None:
    stored = row(provider)
    clear = {**stored.clear, name: 25 if name == "port" else "thief.example"}
    if how == "removed":
        del clear[name]
    write(stored, "clear", json.dumps(clear))
    answer = api.post(address(provider, "/verify"))
    assert (answer.status_code, answer.json()["code"]) == (400, "credentials_unreadable")
    assert answer.json()["detail"] == SAID.format(PROVIDERS[provider].name)
    assert api.get(address(provider)).json()["readable"] is False


@pytest.mark.parametrize("provider", STORED)
def test_a_field_added_in_sql_makes_the_row_unreadable(
    api: APIClient, row: Any, address: Any, provider: str
) -> None:
    stored = row(provider)
    write(stored, "clear", json.dumps({**stored.clear, "webhook_header": "X-Thief"}))
    assert api.get(address(provider)).json()["readable"] is False


def test_a_key_moved_to_another_provider_in_sql_does_not_open_there(
    api: APIClient, row: Any, address: Any, user: User
) -> None:
    save(user=user, provider="vapi", values={"api_key": VAPI_KEY}, actor=user, source="api")
    write(Credential.objects.get(), "provider", "resend")
    answer = api.post(address("resend", "/verify"))
    assert answer.json()["detail"] == SAID.format("Resend")


def test_a_row_that_was_tampered_with_is_stored_again_but_not_kept(
    api: APIClient, row: Any, address: Any, user: User
) -> None:
    stored = row("smtp")
    masked = api.get(address("smtp")).json()["password"]
    write(stored, "clear", json.dumps({**stored.clear, "host": "thief.example"}))
    kept = api.put(address("smtp"), {**SMTP, "host": "thief.example", "password": masked})
    assert kept.status_code == 400
    assert api.put(address("smtp"), SMTP).json()["readable"] is True
    assert credentials_for(user=user, provider="smtp").fields["host"] == SMTP["host"]


@pytest.mark.parametrize("provider", STORED)
def test_what_the_release_before_sealed_opens_and_the_next_save_binds_it(
    api: APIClient, row: Any, address: Any, user: User, provider: str
) -> None:
    as_earlier(row(provider))
    expected = {name: str(value) for name, value in STORED[provider].items()}
    assert credentials_for(user=user, provider=provider).fields == expected
    secret = min(PROVIDERS[provider].secret_names & STORED[provider].keys())
    changed = {**STORED[provider], secret: "planted-and-changed"}
    assert api.put(address(provider), changed).status_code == 200
    stored = Credential.objects.get()
    write(stored, "clear", json.dumps({**stored.clear, "from_email": "thief@example.com"}))
    assert api.get(address(provider)).json()["readable"] is False


@pytest.mark.parametrize("provider", STORED)
def test_the_release_before_opens_what_this_one_sealed(row: Any, provider: str) -> None:
    stored = row(provider)
    opened = {**stored.clear, **json.loads(stored.secrets.open())}  # as it did
    assert STORED[provider].items() <= opened.items()


def test_rotate_keys_binds_what_the_release_before_sealed(
    row: Any, user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    for provider in STORED:
        as_earlier(row(provider))
    before = [(each.version, each.updated_at) for each in Credential.objects.all()]
    call_command("rotate_keys", "--dry-run")
    assert "4 rows would be sealed with all of their fields." in capsys.readouterr().out
    call_command("rotate_keys", "--batch=1")
    assert "4 rows sealed with all of their fields." in capsys.readouterr().out
    assert [(each.version, each.updated_at) for each in Credential.objects.all()] == before
    for provider, values in STORED.items():
        found = credentials_for(user=user, provider=provider)
        assert found.fields == {name: str(value) for name, value in values.items()}
    smtp = Credential.objects.get(provider="smtp")
    write(smtp, "clear", json.dumps({**smtp.clear, "host": "thief.example"}))
    with pytest.raises(CredentialsUnreadable):
        credentials_for(user=user, provider="smtp")
    call_command("rotate_keys")
    assert "all of their fields" not in capsys.readouterr().out


def test_a_row_saved_while_it_is_bound_keeps_what_was_saved(
    row: Any, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_earlier(row("smtp"))

    def interrupted(*args: Any) -> Any:
        changed = {**SMTP, "host": "elsewhere.example"}
        save(user=user, provider="smtp", values=changed, actor=user, source="api")
        return seal(*args)

    monkeypatch.setattr("integrations.credentials.store.seal", interrupted)
    assert store.bind_all(dry_run=False) == 0
    assert credentials_for(user=user, provider="smtp").fields["host"] == "elsewhere.example"
