"""Tokens that AVA did not sign, signed otherwise, or whose time is over."""

import base64
import json
import re
import time
import uuid
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rest_framework.test import APIClient

from ava.accounts import services
from ava.accounts.errors import Unauthenticated
from ava.accounts.tests.calls import assert_unauthenticated, log_in, me, refresh
from ava.accounts.tokens import Tokens, read_refresh, verified_access

pytestmark = pytest.mark.database


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def unsigned(token: str) -> str:
    return f"{segment({'alg': 'none', 'typ': 'JWT'})}.{segment(claims(token))}."


def signed(token: str, key: str, algorithm: str = "HS256", **changes: object) -> str:
    return jwt.encode({**claims(token), **changes}, key, algorithm)


def nested(depth: int) -> str:
    return base64.urlsafe_b64encode(b"[" * depth).decode() + ".e30.x"


@pytest.fixture
def forgeries(tokens, settings):
    """Access tokens that look right and are not."""
    good, key = tokens["access_token"], settings.AVA_JWT_KEY
    return {
        "alg none": unsigned(good),
        "another key": signed(good, "x" * 60),
        "the other secret": signed(good, settings.SECRET_KEY),
        "another algorithm": signed(good, key.ljust(64, "j"), "HS512"),
        "another issuer": signed(good, key, iss="eve"),
        "no session": signed(good, key, sid=None),
        "a session that is no id": signed(good, key, sid="1"),
        "a session that is a list": signed(good, key, sid=["1"]),
        "an expiry that is no number": signed(good, key, exp="never"),
        "no id": signed(good, key, jti=None),
        "cut short": good[:-1],
        "only two parts": good.rpartition(".")[0],
        "deeply nested": nested(3000),
        "not ASCII": "e\xe9.\xff.\xfe",
        "spaces": f"{good} {good}",
        "empty": "",
    }


def test_no_forgery_opens_anything(anyone, tokens, forgeries):
    codes = {name: me(anyone, token) for name, token in forgeries.items()}
    for name, answer in codes.items():
        assert answer.status_code == 401, name
        assert_unauthenticated(answer, "token_invalid")


def test_a_session_that_never_was_is_refused(anyone, tokens, settings):
    forged = signed(tokens["access_token"], settings.AVA_JWT_KEY, sid=str(uuid.uuid4()))
    assert_unauthenticated(me(anyone, forged), "session_ended")


def test_a_refresh_token_gives_no_access(anyone, tokens):
    assert_unauthenticated(me(anyone, tokens["refresh_token"]), "token_invalid")


def test_an_access_token_refreshes_nothing(anyone, tokens):
    assert_unauthenticated(refresh(anyone, tokens["access_token"]), "token_invalid")
    assert me(anyone, tokens["access_token"]).status_code == 200


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "ü.ü.ü", "..", nested(3000), "0" * 4096])
def test_garbage_refreshes_nothing(anyone, db, garbage):
    assert_unauthenticated(refresh(anyone, garbage), "token_invalid")


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": 7 * ["x"]}])
def test_a_refresh_without_a_token_says_what_is_missing(anyone, db, body):
    answer = anyone.post("/api/v1/auth/refresh", body)
    assert answer.status_code == 400
    assert "refresh_token" in answer.json()["errors"]


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: segment(raw.hex()) + ".x.y"))
@examples(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_text_makes_the_readers_stumble(text):
    for read in (lambda raw: verified_access(raw, None), read_refresh):
        with pytest.raises(Unauthenticated):
            read(text)


@pytest.mark.parametrize("header", ["Basic YWRhOng=", "Bearer", "Token x", "", "bearer"])
def test_other_authorization_headers_are_no_login(anyone, db, header):
    answer = anyone.get("/api/v1/auth/me", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="ava"'


def test_the_schemes_name_may_be_in_any_case(anyone, tokens):
    answer = anyone.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"bEARER  {tokens['access_token']}")
    assert answer.status_code == 200


def test_an_access_token_ends_after_ten_minutes_and_can_be_refreshed(anyone, user):
    with time_machine.travel(time.time(), tick=False) as clock:
        tokens = log_in(anyone).json()
        clock.shift(timedelta(minutes=9, seconds=59))
        assert me(anyone, tokens["access_token"]).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert_unauthenticated(me(anyone, tokens["access_token"]), "token_expired")
        fresh = refresh(anyone, tokens["refresh_token"]).json()
        assert me(anyone, fresh["access_token"]).status_code == 200


def test_a_refresh_token_ends_after_two_weeks(anyone, user):
    with time_machine.travel(time.time(), tick=False) as clock:
        tokens = log_in(anyone).json()
        clock.shift(timedelta(days=14))
        assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "token_expired")


def test_the_tokens_of_a_deleted_user_are_refused(anyone, user, tokens):
    user.delete()
    assert_unauthenticated(me(anyone, tokens["access_token"]), "session_ended")
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "session_ended")


def test_the_tokens_of_a_deactivated_user_are_refused(anyone, user, tokens):
    User.objects.update(is_active=False)
    assert_unauthenticated(me(anyone, tokens["access_token"]), "session_ended")
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "session_ended")


def test_a_new_password_ends_every_login_made_with_the_old_one(anyone, user, tokens):
    user.set_password("something else entirely")
    user.save()
    assert_unauthenticated(me(anyone, tokens["access_token"]), "session_ended")
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "session_ended")
    fresh = log_in(anyone, password="something else entirely").json()
    assert me(anyone, fresh["access_token"]).status_code == 200


def test_a_token_carries_nothing_about_its_user(tokens, user, stranger):
    again, others = (
        claims(services.open_session(user=who).access_token) for who in (user, stranger)
    )
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert set(claims(token)) == {"token_type", "exp", "iat", "jti", "iss", "sid", "sub"}
        # What its limits are counted by: the same in each of the user's logins, and no more.
        assert re.fullmatch("[0-9a-f]{32}", claims(token)["sub"])
        assert claims(token)["sub"] == again["sub"] != others["sub"]


def test_a_request_costs_one_query_for_its_session(api, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert api.get("/api/v1/auth/me").status_code == 200


def test_tokens_do_not_show_in_a_traceback_or_log(user):
    tokens: Tokens = services.open_session(user=user)
    assert tokens.access_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)


def test_users_of_the_api_need_no_cookie(tokens):
    client = APIClient(enforce_csrf_checks=True)
    assert me(client, tokens["access_token"]).status_code == 200
