"""Passwords, user names and e-mail addresses in any Unicode form, alike on every database."""

import unicodedata
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ava.accounts import hashers
from ava.accounts.tests.calls import assert_unauthenticated, log_in
from conftest import PASSWORD, client_of
from tests.hashers import QuickArgon2

pytestmark = pytest.mark.database

WORDS = "Größenwahn \u00e9t\u00e9 \ufb01n\u2460"  # with a ligature and a circled digit
FORMS = {form: unicodedata.normalize(form, WORDS) for form in ("NFC", "NFD", "NFKC", "NFKD")}
COMPOSED, DECOMPOSED = FORMS["NFC"], FORMS["NFD"]
EVERY_FORM = pytest.mark.parametrize("typed", FORMS.values(), ids=FORMS)


class CountingArgon2(Argon2PasswordHasher):
    """As little work as Argon2 takes, counted."""

    time_cost, memory_cost, parallelism = 1, 8, 1
    runs = 0

    def encode(self, password: str, salt: str) -> str:
        CountingArgon2.runs += 1
        return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        CountingArgon2.runs += 1
        return bool(super().verify(password, encoded))


class CountingHasher(hashers.NormalisingHasher, CountingArgon2):
    pass


@EVERY_FORM
@pytest.mark.parametrize("set_as", FORMS.values(), ids=FORMS)
def test_a_password_is_right_in_whatever_form_it_was_set_and_is_typed(
    anyone: APIClient, user: User, set_as: str, typed: str
) -> None:
    user.set_password(set_as)
    user.save()
    assert log_in(anyone, password=typed).status_code == 200
    assert_unauthenticated(log_in(anyone, password=typed + "x"), "login_failed")


@pytest.mark.parametrize("hashed", [COMPOSED, DECOMPOSED], ids=["composed", "decomposed"])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED], ids=["composed", "decomposed"])
def test_a_hash_of_an_earlier_release_stays_valid(
    anyone: APIClient, user: User, settings: Any, hashed: str, typed: str
) -> None:
    """It was made of the password as it was typed then."""
    user.password = Argon2PasswordHasher.encode(QuickArgon2(), hashed, "salt-of-old")
    user.save()
    assert log_in(anyone, password=typed).status_code == 200


def test_another_accent_is_another_password(anyone: APIClient, user: User) -> None:
    user.set_password("résumé")
    user.save()
    for wrong in ("resume", "rèsumé", "RÉSUMÉ"):
        assert_unauthenticated(log_in(anyone, password=wrong), "login_failed")


def test_the_password_that_confirms_an_action_is_taken_alike(user: User) -> None:
    user.set_password(COMPOSED)
    user.save()
    body = {"number": "+15005550006", "replace_voice_url": True, "password": DECOMPOSED}
    answer = client_of(user).post("/api/v1/vapi/phone-numbers", body)
    assert answer.json()["code"] != "password_wrong"
    wrong = client_of(user).post("/api/v1/vapi/phone-numbers", {**body, "password": "x"})
    assert wrong.json()["code"] == "password_wrong"


@EVERY_FORM
def test_an_unknown_user_costs_as_much_work_as_a_wrong_password_in_any_form(
    anyone: APIClient, user: User, operator: User, settings: Any, typed: str
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    for known, path in (("ada", ""), ("olga", "/admin/login/")):
        costs = []
        for name in (known, "nobody"):
            CountingArgon2.runs = 0
            if path:
                Client().post(path, {"username": name, "password": typed})
            else:
                log_in(anyone, name, typed)
            costs.append(CountingArgon2.runs)
        assert costs[0] == costs[1] > 0


ADDRESS = "Jörg.MÜLLER@Exämple.com"
SPELT = [
    ADDRESS,
    "jörg.müller@exämple.com",
    "JÖRG.MÜLLER@EXÄMPLE.COM",
    unicodedata.normalize("NFD", "jörg.müller@exämple.com"),
    unicodedata.normalize("NFD", "JÖRG.MÜLLER@EXÄMPLE.COM"),
    f" \u200b{ADDRESS}\u00a0",
    "\uff2aörg.müller\uff20exämple.com",
]


@pytest.mark.parametrize("typed", SPELT)
@pytest.mark.parametrize("stored", [ADDRESS, SPELT[2], SPELT[3], SPELT[4]])
def test_an_e_mail_address_opens_the_account_in_any_case_and_form(
    anyone: APIClient, user: User, stored: str, typed: str
) -> None:
    User.objects.filter(pk=user.pk).update(email=stored)
    assert log_in(anyone, typed).json()["user"]["id"] == user.pk


@pytest.mark.parametrize("typed", ["Jürgen", "jürgen", "JÜRGEN", "ju\u0308rgen", "JU\u0308RGEN"])
def test_a_user_name_opens_the_account_in_any_case_and_form(
    anyone: APIClient, user: User, typed: str
) -> None:
    User.objects.filter(pk=user.pk).update(username="Jürgen")
    assert log_in(anyone, typed).json()["user"]["id"] == user.pk


@pytest.mark.parametrize("typed", ["ADA", "Ada", "aDA"])
def test_so_does_a_user_name_in_ascii(anyone: APIClient, user: User, typed: str) -> None:
    assert log_in(anyone, typed).json()["user"]["id"] == user.pk


@pytest.mark.parametrize("pair", [("jürgen", "JÜRGEN"), ("bob", "Bob")])
def test_of_two_names_that_differ_in_case_alone_each_opens_its_own(
    anyone: APIClient, db: None, pair: tuple[str, str]
) -> None:
    for number, name in enumerate(pair):
        User.objects.create_user(name, "", f"{PASSWORD} {number}")
    for number, name in enumerate(pair):
        found = log_in(anyone, name, f"{PASSWORD} {number}").json()["user"]["username"]
        assert found == name
    other = pair[0].capitalize() if pair[0].capitalize() not in pair else pair[0].swapcase()
    assert_unauthenticated(log_in(anyone, other, f"{PASSWORD} 0"), "login_failed")


@pytest.mark.parametrize(
    "typed", ["müller@example.com", "%", "ü", "üüüüüü@", "m%ller@exämple.com", "(ü|a)*@exämple.com"]
)
def test_what_is_only_like_an_address_opens_nothing(
    anyone: APIClient, user: User, typed: str
) -> None:
    User.objects.filter(pk=user.pk).update(email="müller@exämple.com")
    assert_unauthenticated(log_in(anyone, typed), "login_failed")


def test_two_addresses_that_differ_in_case_alone_are_one_to_the_admin(
    client: Client, user: User, stranger: User, operator: User
) -> None:
    User.objects.filter(pk=user.pk).update(email="mia@exämple.com")
    client.force_login(operator)
    path = f"/admin/auth/user/{stranger.pk}/change/"
    for spelt in ("MIA@EXÄMPLE.com", unicodedata.normalize("NFD", "mia@exämple.com")):
        fields = {"username": "eve", "email": spelt, "date_joined_0": "2026-01-01"}
        page = client.post(path, {**fields, "date_joined_1": "00:00:00", "is_active": "on"})
        assert "Another account has this e-mail address." in page.content.decode()


@pytest.mark.parametrize("typed", ["OLGA", "Olga@Example.com", "Ölga@exämple.com"])
def test_an_operator_logs_in_to_the_admin_likewise(
    client: Client, operator: User, typed: str
) -> None:
    if not typed.isascii():
        User.objects.filter(pk=operator.pk).update(email="ÖLGA@EXÄMPLE.COM")
    answer = client.post("/admin/login/", {"username": typed, "password": PASSWORD})
    assert answer.status_code == 302
