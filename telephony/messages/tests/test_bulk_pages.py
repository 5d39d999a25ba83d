"""Messages to many in the console: checked, sent, paused, ended."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sandbox.server import Sandbox
from telephony.conftest import OURS, posts
from telephony.messages.models import Batch, Message

pytestmark = pytest.mark.database
NEW = "/messages/bulk/new"
LIST = "+1 415 555 0101,Ada\r\n12;Bob\r\n\r\n+14155550102\r\n"
FORM = {"recipients": LIST, "body": "We close early.", "per_minute": "60", "from_number": OURS}
LIVE = {"HX-Request": "true", "HX-Target": "live"}


def text(page: Any, status: int = 200) -> str:
    assert page.status_code == status, page.content
    return " ".join(page.content.decode().split())


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def checked(browser: Client) -> dict[str, str]:
    """The form as it is once it has been checked."""
    form = {**FORM, "key": value(text(browser.get(NEW)), "key")}
    page = text(browser.post(NEW, form))
    return form | {name: value(page, name) for name in ("key", "looked_at")} | {"send": "1"}


def begin(browser: Client) -> Batch:
    browser.post(NEW, checked(browser))
    return Batch.objects.get()


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def test_the_list_is_checked_before_anything_is_stored(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    fragment = {"HX-Request": "true", "HX-Target": "sheet"}
    for headers in ({}, fragment):
        page = text(browser.post(NEW, FORM, headers=headers))
        assert "2 messages from +1 500-555-0006, in about 1 minute." in page
        assert '<td class="number">2</td><td>12</td>' in page
        assert "Send 2 messages" in page
    assert not Batch.objects.exists()
    assert posts(sandbox) == []


def test_what_was_checked_is_sent_once(browser: Client, twilio_user: User) -> None:
    form = checked(browser)
    first, second = (browser.post(NEW, form) for _ in range(2))
    batch = Batch.objects.get()
    assert first["Location"] == second["Location"] == f"/messages/bulk/{batch.pk}"
    assert batch.messages.count() == 2
    page = text(browser.get(first["Location"]))
    for shown in ("The batch has begun.", "0 of 2 sent", "Left out"):
        assert shown in page
    assert f"/messages/bulk/{batch.pk}" in text(browser.get("/messages/bulk"))


def test_a_list_that_was_changed_is_checked_again(browser: Client, twilio_user: User) -> None:
    form = {**checked(browser), "body": "Another text"}
    assert "Send 2 messages" in text(browser.post(NEW, form))
    assert not Batch.objects.exists()


def test_a_list_without_a_right_number_is_refused_by_row(
    browser: Client, twilio_user: User
) -> None:
    page = text(browser.post(NEW, {**FORM, "recipients": "12\n13"}), 422)
    assert "Row 2: Begin with + and the country code" in page


def test_a_batch_is_paused_resumed_and_ended(browser: Client, twilio_user: User) -> None:
    batch = begin(browser)
    address = f"/messages/bulk/{batch.pk}"
    assert "Resume" in text(browser.post(f"{address}/pause", headers=LIVE))
    assert browser.post(f"{address}/resume")["Location"] == address
    part = browser.post(f"{address}/cancel", headers=LIVE)
    assert "2 not sent" in text(part)
    assert "What has been sent stays sent." in part["HX-Trigger"]
    assert "every " not in text(browser.get(address, headers=LIVE))
    assert browser.post(f"{address}/resume").status_code == 409


def test_a_stranger_meets_no_batch_of_anothers(
    browser: Client, twilio_user: User, stranger: User
) -> None:
    batch = begin(browser)
    other = Client(headers={"accept": "text/html"})
    other.force_login(stranger)
    address = f"/messages/bulk/{batch.pk}"
    assert other.get(address).status_code == 404
    for turn in ("pause", "resume", "cancel"):
        assert other.post(f"{address}/{turn}").status_code == 404
    assert "Nothing sent to many yet" in text(other.get("/messages/bulk"))


def test_a_page_costs_at_most_eight_statements_however_many_messages_there_are(
    browser: Client, twilio_user: User
) -> None:
    batch = begin(browser)

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            text(browser.get(f"/messages/bulk/{batch.pk}"))
        return len(found)

    few = statements()
    Message.objects.bulk_create(
        Message(
            owner=twilio_user, holder=str(twilio_user.pk), batch=batch, status="sent", place=place
        )
        for place in range(9, 209)
    )
    assert max(few, statements()) <= 8
