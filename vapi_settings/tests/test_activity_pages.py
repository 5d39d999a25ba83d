"""The room Activity: what happened, filtered in the address, and the story of one ID."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from vapi_settings.conftest import store_key

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/activity"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def edit(api: APIClient, correlation_id: str, value: Any = 0.5, key: str = "temperature") -> Any:
    headers = {"X-Correlation-ID": correlation_id}
    address = f"/api/v1/vapi/settings/{key}"
    return api.put(address, {"value": value}, format="json", headers=headers)


@pytest.fixture
def ada(browser: Client, api: APIClient, user: User, vapi: Any) -> Client:
    """Somebody who has changed a setting, and then sent a wrong value."""
    store_key(user)
    assert edit(api, "edit-1").status_code == 200
    assert edit(api, "edit-2", 99).status_code == 400
    return browser


def test_the_list_shows_what_happened_with_its_causes(ada: Client) -> None:
    page = text(ada.get(PAGE))
    assert "/activity/edit-1" in page
    assert "PUT /api/v1/vapi/settings/temperature" in page
    assert "Something in the request was not right. Correct it and send it again." in page


def test_filters_are_in_the_address_and_can_be_taken_off(ada: Client) -> None:
    failed = text(ada.get(PAGE, {"failed": "true"}))
    assert "/activity/edit-2" in failed
    assert "/activity/edit-1" not in failed
    attempts = text(ada.get(PAGE, {"kind": "attempt", "failed": "false"}))
    assert "/activity/edit-1" in attempts
    assert 'href="/activity?kind=attempt"' in attempts
    assert "Nothing fits these filters" in text(ada.get(PAGE, {"kind": "call"}))


def test_a_filter_that_is_not_known_is_said(ada: Client) -> None:
    answer = ada.get(PAGE, {"kind": "nothing"})
    assert answer.status_code == 400
    assert "is not a valid choice" in text(answer)


def test_with_scripts_the_rows_alone_are_answered(ada: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "rows"}
    answer = ada.get(PAGE, {"failed": "true", "kind": ""}, headers=headers)
    assert answer["HX-Push-Url"] == "/activity?failed=true"
    part = text(answer)
    assert "<html" not in part
    assert "/activity/edit-2" in part


def test_the_list_goes_on_to_older_ones(ada: Client) -> None:
    page = text(ada.get(PAGE, {"limit": "2"}))
    assert page.count('class="cover"') == 2
    assert 'rel="next"' in page


def test_a_pasted_id_leads_to_its_story(ada: Client) -> None:
    answer = ada.get(PAGE, {"id": " edit-1 "})
    assert answer["Location"] == "/activity/edit-1"
    wrong = ada.get(PAGE, {"id": "no id at all"})
    assert wrong.status_code == 400
    assert "This is no correlation ID" in text(wrong)


def test_a_story_has_its_waterfall_and_its_links(ada: Client) -> None:
    page = text(ada.get("/activity/edit-1"))
    assert "Waterfall of this story" in page
    assert "PUT /api/v1/vapi/settings/temperature" in page
    assert 'href="/vapi/temperature"' in page


def test_a_story_in_the_drawer_is_the_same_alone(ada: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "drawer-body"}
    part = text(ada.get("/activity/edit-1", headers=headers))
    assert "<html" not in part
    assert "Waterfall of this story" in part


def test_a_failure_is_said_first_with_its_cause(ada: Client) -> None:
    page = text(ada.get("/activity/edit-2"))
    assert page.index("Something in the request was not right") < page.index("In order")


def test_another_users_story_is_empty_and_no_id_is_not_found(ada: Client, stranger: User) -> None:
    other = Client(headers={"Accept": "text/html"})
    other.force_login(stranger)
    page = text(other.get("/activity/edit-1"))
    assert "Nothing of yours carries this ID" in page
    assert "temperature" not in page
    assert "edit-1" not in text(other.get(PAGE))
    assert ada.get("/activity/no%20id").status_code == 404


def test_statements_do_not_grow_with_what_happened(ada: Client, api: APIClient) -> None:
    def cost(path: str) -> int:
        ada.get(path)
        with CaptureQueriesContext(connection) as found:
            ada.get(path)
        return len(found)

    before = cost(PAGE), cost("/activity/edit-1")
    for value in (0.1, 0.2, 0.3):
        edit(api, "edit-1", value)
    assert (cost(PAGE), cost("/activity/edit-1")) == before
    assert before[0] <= 8
