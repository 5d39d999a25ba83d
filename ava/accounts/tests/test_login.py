"""Logging in and out, and who one is then."""

import json

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User

from ava.accounts.hashers import PasswordHasher
from ava.accounts.tests.calls import assert_unauthenticated, log_in, log_out, me, refresh
from conftest import PASSWORD


class CountingHasher(Argon2PasswordHasher):
    """Argon2, and how often it ran."""

    runs = 0

    def encode(self, password, salt):
        type(self).runs += 1
        return super().encode(password, salt)

    def verify(self, password, encoded):
        type(self).runs += 1
        return super().verify(password, encoded)


def test_a_login_answers_with_tokens_and_the_user(anyone, user):
    answer = log_in(anyone)
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 600
    assert body["user"] == {
        "id": user.pk,
        "username": "ada",
        "email": "ada@example.com",
        "first_name": "",
        "last_name": "",
        "is_staff": False,
    }
    assert "no-store" in answer["Cache-Control"]
    assert me(anyone, body["access_token"]).json() == body["user"]


@pytest.mark.parametrize("identifier", ["ada", "ada@example.com", "Ada@Example.COM", "  ada "])
def test_user_name_and_e_mail_both_open_the_account(anyone, user, identifier):
    assert log_in(anyone, identifier).json()["user"]["id"] == user.pk


def test_a_login_is_remembered_on_the_account(anyone, user):
    log_in(anyone)
    user.refresh_from_db()
    assert user.last_login is not None


@pytest.mark.parametrize(
    ("identifier", "password"),
    [
        ("ada", "wrong"),
        ("ada", PASSWORD + " "),
        ("ada@example.com", "wrong"),
        ("nobody", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("%", PASSWORD),
        ("ada@%", PASSWORD),
        ("ada@example.co", PASSWORD),
        ("da@example.com", PASSWORD),
    ],
)
def test_whatever_is_wrong_the_sentence_is_the_same(anyone, user, identifier, password):
    answer = log_in(anyone, identifier, password)
    assert_unauthenticated(answer, "login_failed")
    assert answer.json()["detail"] == "The user name, e-mail or password is not right."


def test_an_inactive_account_looks_like_a_wrong_password(anyone, user):
    User.objects.update(is_active=False)
    assert_unauthenticated(log_in(anyone), "login_failed")


def test_an_account_without_a_password_does_not_open(anyone, user):
    user.set_unusable_password()
    user.save()
    for password in ("!", user.password, PASSWORD):
        assert_unauthenticated(log_in(anyone, password=password), "login_failed")


def test_an_unknown_user_costs_as_much_work_as_a_wrong_password(anyone, user, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.runs = 0
    log_in(anyone, "ada", "wrong")
    known, CountingHasher.runs = CountingHasher.runs, 0
    log_in(anyone, "nobody", "wrong")
    assert known == CountingHasher.runs == 1


def test_an_e_mail_that_two_accounts_share_opens_neither(anyone, user):
    other = User.objects.create_user("ada2", "ADA@example.com", "another password here")
    assert_unauthenticated(log_in(anyone, "ada@example.com"), "login_failed")
    assert_unauthenticated(
        log_in(anyone, "ada@example.com", "another password here"), "login_failed"
    )
    assert log_in(anyone, "ada").json()["user"]["id"] == user.pk
    assert log_in(anyone, "ada2", "another password here").json()["user"]["id"] == other.pk


def test_a_user_name_that_is_anothers_e_mail_does_not_open_the_others_account(anyone, user):
    squatter = User.objects.create_user("ada@example.com", "", "another password here")
    assert_unauthenticated(log_in(anyone, "ada@example.com", PASSWORD), "login_failed")
    answer = log_in(anyone, "ada@example.com", "another password here")
    assert answer.json()["user"]["id"] == squatter.pk


def test_an_empty_e_mail_is_nobodys(anyone, db):
    User.objects.create_user("grace", "", PASSWORD)
    assert log_in(anyone, "").status_code == 400
    assert_unauthenticated(log_in(anyone, "@"), "login_failed")


@pytest.mark.database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "identifier"),
        ({"identifier": "ada"}, "password"),
        ({"identifier": "", "password": "x"}, "identifier"),
        ({"identifier": None, "password": "x"}, "identifier"),
        ({"identifier": {"username": "ada"}, "password": "x"}, "identifier"),
        ({"identifier": "ada", "password": ["x"]}, "password"),
        ({"identifier": "a\0da", "password": "x"}, "identifier"),
        ({"identifier": "\ud800", "password": "x"}, "identifier"),
        ({"identifier": "ada", "password": "\ud800"}, "password"),
        ({"identifier": "a" * 255, "password": "x"}, "identifier"),
        ({"identifier": "ada", "password": "x" * 5000}, "password"),
    ],
)
def test_a_login_that_does_not_fit_says_which_field(anyone, user, body, field):
    raw = json.dumps(body)
    answer = anyone.post("/api/v1/auth/login", raw, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_failed"
    assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    "body",
    [
        *["", "{", "[]", '"ada"', "null", "1", "\udcff"],
        pytest.param("[" * 9999, id="deep"),
        pytest.param("9" * 9999, id="long"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(anyone, db, body):
    raw = body.encode("utf-8", "surrogateescape")
    answer = anyone.post("/api/v1/auth/login", raw, content_type="application/json")
    assert answer.status_code == 400


def test_a_bad_token_does_not_stand_in_the_way_of_a_login(anyone, user):
    assert log_in(anyone, HTTP_AUTHORIZATION="Bearer nonsense").status_code == 200


def test_me_without_a_token_asks_to_log_in(anyone, db):
    assert_unauthenticated(anyone.get("/api/v1/auth/me"), "not_authenticated")


def test_two_users_see_each_themselves(api, strangers_api):
    assert api.get("/api/v1/auth/me").json()["username"] == "ada"
    assert strangers_api.get("/api/v1/auth/me").json()["username"] == "eve"


def test_a_logout_ends_access_and_refresh_at_once(anyone, tokens):
    answer = log_out(anyone, tokens["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert_unauthenticated(me(anyone, tokens["access_token"]), "session_ended")
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "session_ended")
    assert_unauthenticated(log_out(anyone, tokens["access_token"]), "session_ended")


def test_a_logout_ends_no_other_login(anyone, tokens):
    other = log_in(anyone).json()
    log_out(anyone, tokens["access_token"])
    assert me(anyone, other["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("get", "login", "POST"), ("put", "refresh", "POST"), ("get", "logout", "POST")],
)
def test_other_methods_are_named_as_not_allowed(api, method, path, allowed):
    answer = getattr(api, method)(f"/api/v1/auth/{path}")
    assert answer.status_code == 405
    assert allowed in answer["Allow"]


def test_real_passwords_are_hashed_with_argon2id_within_19_mib() -> None:
    hashed = PasswordHasher().encode("correct horse battery staple", "0123456789abcdef")
    assert hashed.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
