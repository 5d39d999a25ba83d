"""Messages to many in the console: checked, sent, paused, ended."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
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


def uploaded(browser: Client, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("people.csv", content, "text/csv")
    key = value(text(browser.get(NEW)), "key")
    return browser.post(NEW, {**FORM, "recipients": "", "key": key, "file": file, **more})


PEOPLE = """Name;Phone;City
"Lovelace; Ada";+1 415 555 0101;London
Bob;12;Berlin

Grace;+14155550102;New York
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_checked_by_its_column_of_numbers_and_its_own_rows(
    browser: Client, twilio_user: User, encoding: str
) -> None:
    page = text(uploaded(browser, PEOPLE.replace("Berlin", "Zürich").encode(encoding)))
    assert "2 messages from" in page
    assert "The first row is taken as the header." in page
    assert '<td class="number">3</td><td>12</td>' in page
    assert "Zürich" in page  # the list stays for the second post, which has no file
    assert not Batch.objects.exists()


def test_an_uploaded_list_is_sent_as_it_was_checked(browser: Client, twilio_user: User) -> None:
    page = text(uploaded(browser, PEOPLE.encode()))
    form = {**FORM, "recipients": PEOPLE, "send": "1"}
    form |= {name: value(page, name) for name in ("key", "looked_at")}
    browser.post(NEW, form)
    assert {row.to for row in Batch.objects.get().messages.all()} == {
        "+14155550101",
        "+14155550102",
    }


def test_a_file_replaces_the_pasted_list(browser: Client, twilio_user: User) -> None:
    page = text(uploaded(browser, b"+14155550103\n", recipients=LIST))
    assert "1 message from" in page
    assert "taken as the header" not in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"+14155550101\n" * 4_640, "larger than 60 kB"),
        (b"PK\x03\x04\x00\x00", "Save the table as CSV"),
        (b"\x00\x01\x02", "Save the table as CSV"),
        (b"Phone,Name\n", "Paste a list of numbers, or choose a file."),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(
    browser: Client, twilio_user: User, content: bytes, said: str
) -> None:
    assert said in text(uploaded(browser, content), 422)
    assert not Batch.objects.exists()


def test_a_file_beyond_what_a_form_may_have_is_a_page_that_says_so(
    browser: Client, twilio_user: User
) -> None:
    page = text(uploaded(browser, b"+14155550101\n" * 50_000), 413)
    assert "a smaller file, or several smaller ones" in page


def test_an_empty_form_says_what_is_missing(browser: Client, twilio_user: User) -> None:
    page = text(browser.post(NEW, {**FORM, "recipients": ""}), 422)
    assert "Paste a list of numbers, or choose a file." in page
