"""The page of personal API tokens: made with the password, shown once, revoked."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ava.accounts.models import ApiToken

pytestmark = pytest.mark.django_db

PAGE = "/settings/tokens"
PASSWORD = "a long enough password"


@pytest.fixture
def ada(browser: Client, user: User) -> Client:
    user.set_password(PASSWORD)
    user.save()
    browser.force_login(user)
    return browser


def make(client: Client, **changes: str) -> Any:
    form = {"name": "n8n", "scope": "read", "days": "90", "password": PASSWORD}
    return client.post(PAGE, {**form, **changes})


def token_in(answer: Any) -> str:
    found = re.search(r"ava_[0-9A-Za-z]{36}", answer.content.decode())
    return found[0] if found else ""


def test_a_token_is_shown_once_and_serves(ada: Client, user: User) -> None:
    token = token_in(make(ada))
    assert token
    assert not token_in(ada.get(PAGE))
    api = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert api.get("/api/v1/auth/me").json()["username"] == user.username


def test_a_new_token_says_where_it_goes_in_n8n(ada: Client) -> None:
    page = make(ada).content.decode()
    assert "Bearer Auth" in page
    assert "http://testserver/api/v1/" in page
    assert "Bearer Auth" not in ada.get(PAGE).content.decode()


def test_a_wrong_password_makes_none(ada: Client) -> None:
    answer = make(ada, password="wrong")
    assert answer.status_code == 422
    assert "The password is not right." in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_its_life_is_what_was_chosen(ada: Client) -> None:
    make(ada, days="30")
    make(ada, days="")
    ends = [one.expires_at for one in ApiToken.objects.order_by("created_at")]
    assert ends[1] is None
    assert 29 <= (ends[0] - ApiToken.objects.earliest("created_at").created_at).days <= 30


def test_a_revoked_token_is_refused_and_gone_from_the_list(ada: Client) -> None:
    token = token_in(make(ada))
    row = ApiToken.objects.get()
    assert "n8n" in ada.get(PAGE).content.decode()
    revoke = f"{PAGE}/{row.pk}/revoke"
    assert "This cannot be undone" in ada.get(revoke).content.decode()
    refused = ada.post(revoke, {"typed": "another"})
    assert refused.status_code == 422
    assert "Type n8n, as it stands here." in refused.content.decode()
    assert not ApiToken.objects.get().revoked_at
    page = ada.post(revoke, {"typed": " N8N "}, follow=True).content.decode()
    assert "The token is revoked" in page
    assert f"…{row.last_four}" not in page
    api = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert api.get("/api/v1/auth/me").status_code == 401


def test_another_users_token_is_not_there(ada: Client, stranger: User) -> None:
    other = Client()
    other.force_login(stranger)
    make(ada)
    row = ApiToken.objects.get()
    assert other.get(f"{PAGE}/{row.pk}/revoke").status_code == 404
    assert other.post(f"{PAGE}/{row.pk}/revoke", {"typed": "n8n"}).status_code == 404
    assert not ApiToken.objects.get().revoked_at
