"""Logins in the admin: what no page shows is not found out by filters or searches, either."""

import pytest
from django.contrib.auth.models import User

from ava.accounts.models import Session
from tests.walls.rows import staff

SESSIONS = "/admin/accounts/session/"


@pytest.mark.parametrize("column", ["refresh_jti", "password_mark", "swapped_jti"])
def test_a_hidden_mark_is_not_read_by_its_prefix(tokens: object, column: str) -> None:
    viewer = staff("accounts.view_session")
    value = getattr(Session.objects.get(), column)
    for way in ("startswith", "exact", "gt", "regex", "in", "contains"):
        for tried in (value[:1] or "x", value or "x"):
            assert viewer.get(SESSIONS, {f"{column}__{way}": tried}).status_code == 400
    assert viewer.get(SESSIONS, {column: value}).status_code == 400


@pytest.mark.parametrize("way", ["user__password__startswith", "user__email__startswith", "user"])
def test_a_users_columns_are_not_read_by_way_of_their_logins(tokens: object, way: str) -> None:
    assert staff("accounts.view_session").get(SESSIONS, {way: "a"}).status_code == 400


def test_filters_beside_the_list_work(tokens: object) -> None:
    viewer = staff("accounts.view_session")
    assert "ada" in viewer.get(SESSIONS, {"end__exact": ""}).content.decode()
    for since, shown in (("2020-01-01 00:00:00Z", True), ("2999-01-01 00:00:00Z", False)):
        page = viewer.get(SESSIONS, {"created_at__gte": since}).content.decode()
        assert ("ada" in page) is shown


def test_an_e_mail_address_is_searched_by_who_may_view_users_alone(
    tokens: object, user: User
) -> None:
    link = str(Session.objects.get().pk)
    for names, found in (((), False), (("auth.view_user",), True)):
        viewer = staff("accounts.view_session", *names)
        assert (link in viewer.get(SESSIONS, {"q": "ada@exam"}).content.decode()) is found
        assert link in viewer.get(SESSIONS, {"q": "ada"}).content.decode()


def test_a_search_of_many_words_is_refused_in_a_sentence(tokens: object) -> None:
    viewer = staff("accounts.view_session")
    page = viewer.get(SESSIONS, {"q": "a " * 1000}).content.decode()
    assert "Search for at most 10 words of 200 characters together." in page
