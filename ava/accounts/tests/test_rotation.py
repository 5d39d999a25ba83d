"""Refresh tokens work once; a copy ends the login."""

from datetime import timedelta

import jwt
import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from ava.accounts.models import Session
from ava.accounts.tests.calls import assert_unauthenticated, at_once, log_in, me, refresh
from ava.server.tests.places import OnlyPlace

pytestmark = pytest.mark.database


def test_a_refresh_gives_new_tokens_that_work(anyone, tokens):
    answer = refresh(anyone, tokens["refresh_token"])
    fresh = answer.json()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert set(fresh) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert me(anyone, fresh["access_token"]).status_code == 200
    assert refresh(anyone, fresh["refresh_token"]).status_code == 200


def test_a_refresh_leaves_the_access_token_good_for_its_time(anyone, tokens):
    refresh(anyone, tokens["refresh_token"])
    assert me(anyone, tokens["access_token"]).status_code == 200


def test_a_refresh_lets_other_requests_in_while_it_waits_for_late_ones(anyone, tokens):
    place = OnlyPlace()
    assert refresh(anyone, tokens["refresh_token"]).status_code == 200
    assert place.is_left()


def test_a_used_refresh_token_ends_the_whole_family(anyone, tokens):
    fresh = refresh(anyone, tokens["refresh_token"]).json()
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "token_reused")
    assert_unauthenticated(me(anyone, tokens["access_token"]), "session_ended")
    assert_unauthenticated(me(anyone, fresh["access_token"]), "session_ended")
    assert_unauthenticated(refresh(anyone, fresh["refresh_token"]), "session_ended")
    assert Session.objects.get().end == Session.End.REUSE


def test_a_token_used_many_rotations_ago_ends_the_family_too(anyone, tokens):
    latest = tokens
    for _ in range(3):
        latest = refresh(anyone, latest["refresh_token"]).json()
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "token_reused")
    assert_unauthenticated(me(anyone, latest["access_token"]), "session_ended")


def test_a_replay_ends_no_other_login_of_the_user(anyone, tokens):
    other = log_in(anyone).json()
    refresh(anyone, tokens["refresh_token"])
    refresh(anyone, tokens["refresh_token"])
    assert me(anyone, other["access_token"]).status_code == 200


@pytest.mark.parametrize("meet_before", ["SELECT", 'UPDATE "accounts_session"'])
def test_of_four_refreshes_at_once_one_wins_until_a_replay_ends_the_family(
    transactional_db, user, meet_before
):
    tokens = log_in(APIClient()).json()
    answers = at_once(4, lambda: refresh(APIClient(), tokens["refresh_token"]), meet_before)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    codes = [answer.json()["code"] for answer in answers if answer.status_code == 401]
    assert codes == ["refresh_raced"] * 3
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert me(APIClient(), winner["access_token"]).status_code == 200
    assert_unauthenticated(refresh(APIClient(), tokens["refresh_token"]), "token_reused")
    assert_unauthenticated(me(APIClient(), winner["access_token"]), "session_ended")
    assert_unauthenticated(refresh(APIClient(), winner["refresh_token"]), "session_ended")


def test_a_refresh_that_comes_while_the_winner_is_still_at_it_ends_nothing(anyone, tokens):
    losers = []

    def come_between(execute, sql, params, many, context):
        if sql.startswith('UPDATE "accounts_session" SET "swapped_at"') and not losers:
            losers.append(None)
            losers[0] = refresh(APIClient(), tokens["refresh_token"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(come_between):
        winner = refresh(anyone, tokens["refresh_token"]).json()
    assert_unauthenticated(losers[0], "refresh_raced")
    assert me(anyone, winner["access_token"]).status_code == 200
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "token_reused")


def test_logins_at_once_each_get_a_family(transactional_db, user):
    answers = at_once(8, lambda: log_in(APIClient()), "SELECT")
    assert [answer.status_code for answer in answers] == [200] * 8
    assert Session.objects.count() == 8


def everything_stored() -> str:
    """All columns of all tables as one text; an index for search keeps none."""
    with connection.cursor() as cursor:
        rows = []
        tables = connection.introspection.table_names(cursor)
        for table in [one for one in tables if "_search" not in one]:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += cursor.fetchall()
    return repr(rows)


def test_no_table_holds_a_token_or_the_password(anyone, tokens):
    fresh = refresh(anyone, tokens["refresh_token"]).json()
    log_in(anyone, password="a wrong password that I typed")
    log_in(anyone, identifier="my secret in the wrong field")
    stored = everything_stored()
    assert jwt.decode(fresh["refresh_token"], options={"verify_signature": False})["jti"] in stored
    for issued in (tokens, fresh):
        for token in (issued["access_token"], issued["refresh_token"]):
            assert token not in stored
            assert token.rpartition(".")[2] not in stored
    assert "correct horse" not in stored
    assert "a wrong password" not in stored
    assert "my secret" not in stored


def test_a_session_expires_with_its_refresh_token(anyone, tokens):
    left = Session.objects.get().expires_at - timezone.now()
    assert timedelta(days=13) < left <= timedelta(days=14)
