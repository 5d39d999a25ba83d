"""The admin looks at revisions and leaves them alone."""

import pytest

from vapi_settings.models import Revision

LIST = "/admin/vapi_settings/revision/"


@pytest.fixture
def admin_page(client, operator, put):
    put("temperature", 1.1, HTTP_X_CORRELATION_ID="find-me-1")
    client.force_login(operator)
    return client


@pytest.mark.parametrize("search", ["find-me-1", "temperature", "ada", "5d0e9c1a"])
def test_a_revision_is_found_by_what_an_operator_knows(admin_page, search):
    page = admin_page.get(LIST, {"q": search})
    assert page.status_code == 200
    assert b"find-me-1" in page.content
    assert b"1.1" in page.content


def test_the_list_shows_the_start_of_a_long_value_and_the_page_all_of_it(admin_page, put):
    long = "x" * 4000
    put("note", long)
    revision = Revision.objects.get(key="note", source="api")
    in_list = admin_page.get(LIST).content.decode()
    assert "x" * 70 in in_list
    assert "x" * 81 not in in_list
    assert long in admin_page.get(f"{LIST}{revision.pk}/change/").content.decode()


def test_a_search_for_something_else_finds_nothing(admin_page):
    assert b"0 revisions" in admin_page.get(LIST, {"q": "find-me-2"}).content


def test_keys_of_users_do_not_fill_the_filters(admin_page, put):
    put("a_key_of_my_own", 1)
    assert b"?key=" not in admin_page.get(LIST).content


def test_nobody_edits_history(admin_page):
    revision = Revision.objects.get(source="api")
    address = f"{LIST}{revision.pk}/"
    assert admin_page.get(f"{address}change/").status_code == 200
    assert admin_page.post(f"{address}change/", {"after": "2"}).status_code == 403
    assert admin_page.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert admin_page.get(f"{LIST}add/").status_code == 403
    assert Revision.objects.get(pk=revision.pk).after == "1.1"


def test_others_do_not_get_in(client, user, put):
    client.force_login(user)
    assert client.get(LIST).status_code == 302
