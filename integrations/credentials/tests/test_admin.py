"""Credentials in the admin, as an operator and as curious staff meet them."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from integrations.credentials import services
from integrations.credentials.models import Credential, CredentialChange
from integrations.credentials.services import credentials_for
from integrations.credentials.tests.conftest import SMTP, TWILIO, VAPI_KEY

LIST = "/admin/integrations/credential/"


@pytest.fixture
def admin(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def row(user: User) -> Credential:
    values = {"api_key": VAPI_KEY, "webhook_secret": "planted-hook-0004"}
    return services.save(user=user, provider="vapi", values=values, actor=user, source="api")


def change(row: Credential) -> str:
    return f"{LIST}{row.pk}/change/"


def fields(user: User, provider: str = "vapi") -> dict[str, str]:
    return dict(credentials_for(user=user, provider=provider).fields)


def test_adding_starts_with_the_provider(admin: Client) -> None:
    page = admin.get(f"{LIST}add/").content.decode()
    for provider in ("vapi", "twilio", "resend", "smtp"):
        assert f'href="?provider={provider}"' in page
    assert "provider=google" not in page


@pytest.mark.parametrize(
    ("provider", "values"),
    [("vapi", {"api_key": VAPI_KEY}), ("twilio", TWILIO), ("smtp", SMTP)],
)
def test_an_operator_adds_credentials_for_a_user(
    admin: Client, user: User, operator: User, provider: str, values: dict[str, Any]
) -> None:
    assert admin.get(f"{LIST}add/?provider={provider}").status_code == 200
    answer = admin.post(f"{LIST}add/?provider={provider}", {"user": user.pk, **values})
    assert answer.status_code == 302
    assert fields(user, provider) == {name: str(value) for name, value in values.items()}
    recorded = CredentialChange.objects.get()
    assert (recorded.owner, recorded.actor, recorded.source) == (user, operator, "admin")
    assert recorded.correlation_id


def test_what_does_not_fit_is_shown_beside_its_field(admin: Client, user: User) -> None:
    answer = admin.post(
        f"{LIST}add/?provider=twilio", {"user": user.pk, **TWILIO, "account_sid": "planted"}
    )
    assert answer.status_code == 200
    assert "An account SID is AC and 32 hexadecimal digits." in answer.content.decode()
    assert TWILIO["auth_token"] not in answer.content.decode()
    assert not Credential.objects.exists()


def test_an_empty_form_is_refused(admin: Client) -> None:
    answer = admin.post(f"{LIST}add/?provider=vapi", {})
    assert answer.content.decode().count("This field is required.") == 2


def test_a_second_one_for_the_same_user_and_provider_is_refused(
    admin: Client, user: User, row: Credential
) -> None:
    answer = admin.post(f"{LIST}add/?provider=vapi", {"user": user.pk, "api_key": "another"})
    assert "has Vapi credentials. Change those." in answer.content.decode()
    assert fields(user)["api_key"] == VAPI_KEY


def test_pages_show_masks_and_history_but_no_secret(admin: Client, row: Credential) -> None:
    listed, shown = (admin.get(url).content.decode() for url in (LIST, change(row)))
    assert "••••••••0001" in listed
    assert "••••••••0001" in shown
    assert "created api_key, webhook_secret (api" in shown
    assert "planted" not in listed + shown
    assert 'type="password"' in shown


def test_a_secret_left_empty_is_kept(admin: Client, user: User, row: Credential) -> None:
    answer = admin.post(change(row), {"api_key": "", "default_assistant_id": "a1"})
    assert answer.status_code == 302
    assert fields(user) == {
        "api_key": VAPI_KEY,
        "webhook_secret": "planted-hook-0004",
        "default_assistant_id": "a1",
    }
    assert CredentialChange.objects.first().fields == ["default_assistant_id"]


def test_a_password_left_empty_is_kept_for_its_own_server_only(admin: Client, user: User) -> None:
    row = services.save(user=user, provider="smtp", values=SMTP, actor=user, source="api")
    moved = {**SMTP, "password": "", "host": "mail.elsewhere.example"}
    answer = admin.post(change(row), moved)
    assert answer.status_code == 200
    assert "Send the password again: the host changed." in answer.content.decode()
    assert fields(user, "smtp")["host"] == SMTP["host"]
    stays = {**SMTP, "password": "", "from_email": "grace@example.com"}
    assert admin.post(change(row), stays).status_code == 302
    assert fields(user, "smtp")["password"] == SMTP["password"]


def test_another_vapi_key_takes_no_webhook_secret_along(
    admin: Client, user: User, row: Credential
) -> None:
    swapped = {"api_key": "another-vapi-key-0002", "webhook_secret": ""}
    answer = admin.post(change(row), swapped)
    assert answer.status_code == 200
    assert "Send the webhook_secret again: the api_key changed." in answer.content.decode()
    assert fields(user)["api_key"] == VAPI_KEY
    assert admin.post(change(row), {**swapped, "remove_webhook_secret": "on"}).status_code == 302
    assert fields(user) == {"api_key": "another-vapi-key-0002"}


def test_a_secret_is_replaced_and_never_repeated(
    admin: Client, user: User, row: Credential
) -> None:
    replaced = {"api_key": "replaced-planted-0009", "webhook_secret": "replaced-planted-0010"}
    admin.post(change(row), replaced)
    assert fields(user)["api_key"] == "replaced-planted-0009"
    entry = LogEntry.objects.get()
    assert "planted" not in f"{entry.change_message} {entry.object_repr}"
    history = admin.get(f"{LIST}{row.pk}/history/").content.decode()
    assert "planted" not in history


def test_an_optional_secret_is_removed_by_its_box(
    admin: Client, user: User, row: Credential
) -> None:
    admin.post(change(row), {"remove_webhook_secret": "on"})
    assert fields(user) == {"api_key": VAPI_KEY}


def test_a_credential_with_a_lost_key_is_listed_and_replaced(
    admin: Client, user: User, row: Credential, lose_the_key: Any
) -> None:
    lose_the_key()
    for url in (LIST, change(row)):
        assert "cannot be read" in admin.get(url).content.decode()
    assert "This field is required." in admin.post(change(row), {}).content.decode()
    assert admin.post(change(row), {"api_key": "fresh-key"}).status_code == 302
    assert fields(user) == {"api_key": "fresh-key"}


def test_deleting_is_recorded_one_by_one_and_in_bulk(
    admin: Client, user: User, stranger: User, operator: User, row: Credential
) -> None:
    other = services.save(user=stranger, provider="smtp", values=SMTP, actor=stranger, source="api")
    assert admin.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    admin.post(
        LIST, {"action": "delete_selected", "_selected_action": [str(other.pk)], "post": "yes"}
    )
    assert not Credential.objects.exists()
    deleted = CredentialChange.objects.filter(action="deleted")
    assert {each.owner for each in deleted} == {user, stranger}
    assert {each.actor for each in deleted} == {operator}


def test_staff_who_may_only_look_see_masks_and_cannot_change(row: Credential, user: User) -> None:
    staff = User.objects.create_user("sam", password="x", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_credential"))
    client = Client()
    client.force_login(staff)
    page = client.get(change(row))
    assert page.status_code == 200
    assert "••••••••0001" in page.content.decode()
    assert 'type="password"' not in page.content.decode()
    assert client.post(change(row), {"api_key": "another"}).status_code == 403
    assert client.get(f"{LIST}add/?provider=vapi").status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert fields(user)["api_key"] == VAPI_KEY


def test_users_of_the_api_have_no_way_in(row: Credential, user: User) -> None:
    client = Client()
    client.force_login(user)
    for url in (LIST, change(row)):
        assert client.get(url).status_code == 302


def test_the_record_of_changes_is_read_only(admin: Client, row: Credential) -> None:
    url = "/admin/integrations/credentialchange/"
    assert "created" in admin.get(url).content.decode()
    one = f"{url}{CredentialChange.objects.get().pk}/"
    assert admin.get(f"{one}change/").status_code == 200
    assert admin.post(f"{one}change/", {"fields": "[]"}).status_code == 403
    assert admin.post(f"{one}delete/", {"post": "yes"}).status_code == 403
    assert admin.get(f"{url}add/").status_code == 403
