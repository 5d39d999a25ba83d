import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient

from integrations.credentials import services
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from integrations.credentials.models import Credential, CredentialChange
from integrations.credentials.services import credentials_for, describe
from integrations.credentials.tests.conftest import TWILIO, VAPI_KEY

pytestmark = pytest.mark.database


def store(user: User, provider: str = "vapi", **values: Any) -> None:
    services.save(user=user, provider=provider, values=values, actor=user, source="api")


def test_credentials_show_no_value(user: User) -> None:
    store(user, api_key=VAPI_KEY)
    found = credentials_for(user=user, provider="vapi")
    assert VAPI_KEY not in f"{found!r} {found}"
    assert found.source == "user"


def test_the_operators_serve_who_has_none(user: User, operators_keys: None) -> None:
    found = credentials_for(user=user, provider="twilio")
    assert found.source == "environment"
    assert found.fields["auth_token"] == "operators-twilio-token"
    assert "operators-twilio-token" not in f"{found!r} {found.version}"
    shown = describe(user=user, provider="twilio")
    assert (shown.configured, shown.source) == (True, "environment")
    assert set(shown.fields.values()) == {None}


def test_the_users_own_come_first(user: User, operators_keys: None) -> None:
    store(user, api_key=VAPI_KEY)
    assert credentials_for(user=user, provider="vapi").fields == {"api_key": VAPI_KEY}


def test_the_operators_serve_no_user_unless_allowed(
    user: User, operators_keys: None, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": False}
    with pytest.raises(CredentialsMissing, match="Vapi credentials not configured"):
        credentials_for(user=user, provider="vapi")
    assert describe(user=user, provider="vapi").source == "none"


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_half_of_the_operators_twilio_is_none(
    user: User, operators_keys: None, settings: Any, missing: str
) -> None:
    settings.OPERATOR_CREDENTIALS = {**settings.OPERATOR_CREDENTIALS, missing: None}
    with pytest.raises(CredentialsMissing):
        credentials_for(user=user, provider="twilio")


def test_a_half_filled_credential_never_falls_through(user: User, operators_keys: None) -> None:
    """Such a row cannot be stored today; an older release or a hand may have left one."""
    Credential.objects.create(
        user=user, provider="twilio", clear={"account_sid": TWILIO["account_sid"]}, secrets="{}"
    )
    with pytest.raises(CredentialsMissing):
        credentials_for(user=user, provider="twilio")


def test_an_unreadable_credential_never_falls_through(
    user: User, operators_keys: None, lose_the_key: Any
) -> None:
    store(user, api_key=VAPI_KEY)
    lose_the_key()
    with pytest.raises(CredentialsUnreadable) as refused:
        credentials_for(user=user, provider="vapi")
    assert refused.value.detail.startswith("Your stored Vapi credentials cannot be read any more.")


def test_versions_follow_the_secrets(user: User, operators_keys: None, settings: Any) -> None:
    def version() -> str:
        return credentials_for(user=user, provider="vapi").version

    seen = [version()]
    settings.OPERATOR_CREDENTIALS = {"AVA_API_VAPI_API_KEY": "another"}
    seen.append(version())
    store(user, api_key=VAPI_KEY)
    seen.append(version())
    store(user, api_key="another-key-0002")
    seen.append(version())
    services.delete(user=user, provider="vapi", actor=user, source="api")
    store(user, api_key=VAPI_KEY)
    seen.append(version())
    assert len(set(seen)) == len(seen)
    store(user, api_key=VAPI_KEY)
    assert version() == seen[-1]


def test_a_deleted_user_leaves_the_record_of_changes(user: User) -> None:
    store(user, api_key=VAPI_KEY)
    user.delete()
    assert not Credential.objects.exists()
    assert CredentialChange.objects.get().owner is None


@pytest.mark.django_db(transaction=True)
def test_simultaneous_puts_leave_one_whole_row(user: User, settings: Any) -> None:
    from conftest import client_of

    settings.RATE_LIMIT_PER_MINUTE = 1000
    clients = [client_of(user) for _ in range(8)]
    start, answers = threading.Barrier(8), []

    def put(number: int, client: APIClient) -> None:
        try:
            start.wait()
            answer = client.put(
                "/api/v1/integrations/twilio/credentials",
                {"account_sid": "AC" + f"{number:x}" * 32, "auth_token": f"token-{number:x}"},
            )
            answers.append(answer.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=put, args=each) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    fields = credentials_for(user=user, provider="twilio").fields
    assert fields["account_sid"][-1] == fields["auth_token"][-1]
    assert CredentialChange.objects.filter(action="created").count() == 1
    assert CredentialChange.objects.count() == 8
