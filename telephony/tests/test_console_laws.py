"""Laws of every page of the console, with rows of every app: keys, curl, statements."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ava.console.tests.test_laws import MOST_OF_A_STORY, MOST_STATEMENTS, PAGES
from integrations.email.models import Mail, Recipient
from integrations.email.suppressions.models import Suppression
from telephony.models import Batch, Call, Message, OptOut
from tests import happenings

pytestmark = pytest.mark.database

OURS, THEIRS = "+15005550006", "+14155550100"
INSIDE = [page for page in PAGES if page != "/login"]
# The API has no such request, or none without a password in it.
WITHOUT_CURL = {
    "/settings/notifications": "pages alone choose where alarms go",
    "/settings/password": "a password is changed on pages alone",
    "/settings/tokens": "a token is made with the password",
}
LISTS = (
    "/calls",
    "/messages",
    "/messages/with",
    "/messages/opt-outs",
    "/messages/bulk",
    "/mail",
    "/mail/suppressions",
    "/activity",
)


@pytest.fixture(autouse=True)
def sandbox_mode(settings: Any) -> None:
    settings.SANDBOX = True


def furnish(user: User, stranger: User, rows: int) -> None:
    """Rows for each list; each call, message and mail of a state of its own kind."""
    before = Call.objects.count()
    for number in range(before, before + rows):
        one = {"owner": user, "holder": str(user.pk), "from_number": OURS, "to": THEIRS}
        Call.objects.create(**one, kind="say", status="completed", price="0.01")
        person = {"to": f"+14155553{number:03}"} if number % 2 else {}
        message = one | person | {"correlation_id": f"id-{number}"}
        Message.objects.create(**message, body="Hello", status="failed")
        mail = Mail.objects.create(owner=user, backend="stub", holder="operator", status="bounced")
        address = f"person-{number}@example.com"
        Recipient.objects.create(mail=mail, kind="to", address=address, status="bounced")
        Suppression.objects.create(user=user, address=address, reason="bounced")
        OptOut.objects.create(holder=str(user.pk), person=f"+14155552{number:03}")
        Batch.objects.create(owner=user, from_number=OURS, per_minute=60)
    happenings.fill(5 * before, 5 * (before + rows), one=user, other=stranger)


def statements(browser: Client) -> dict[str, int]:
    """Of each page, once it has been seen: what is looked up once is not counted."""
    rows = {"calls": Call, "messages": Message, "mail": Mail, "messages/bulk": Batch}
    named = [f"/{path}/{model._default_manager.earliest('created_at').pk}"
             for path, model in rows.items()]  # fmt: skip
    found = {}
    for number, address in enumerate([*INSIDE, *named]):
        browser.get(address)
        page = address if number < len(INSIDE) else address.rpartition("/")[0] + "/one"
        # On a busy machine what is remembered for a second may be looked up in one of them.
        found[page] = min(counted(browser, address) for _ in range(2))
    return found


def counted(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        browser.get(address)
    return len(asked)


def test_no_page_costs_more_statements_for_more_rows(
    browser: Client, user: User, stranger: User
) -> None:
    furnish(user, stranger, 60)  # a list that goes on is counted: one statement more
    few = statements(browser)
    furnish(user, stranger, 40)
    many = statements(browser)
    grown = {page: (few[page], many[page]) for page in few if many[page] > few[page]}
    most = {page: MOST_OF_A_STORY if "/activity/" in page else MOST_STATEMENTS for page in many}
    assert grown == {}
    assert {page: count for page, count in many.items() if count > most[page]} == {}


@pytest.mark.parametrize("address", LISTS)
def test_a_list_can_be_copied_as_curl_and_searched(
    browser: Client, user: User, stranger: User, address: str
) -> None:
    furnish(user, stranger, 1)
    page = browser.get(address).content.decode()
    assert "Copy as curl" in page
    assert "data-search" in page or address == "/messages/bulk"


@pytest.fixture(params=INSIDE)
def page(request: Any, browser: Client) -> tuple[str, str]:
    """Address, and the page; those that only take forms, or lead elsewhere, are none."""
    answer = browser.get(request.param)
    if answer.status_code != 200:
        pytest.skip("no page of its own")
    return request.param, answer.content.decode()


def test_each_page_has_what_the_keys_open(page: tuple[str, str]) -> None:
    for piece in ('id="palette"', 'id="keys"', 'id="toast-template"', "ava/console.js"):
        assert piece in page[1], piece


def test_each_form_that_the_api_knows_can_be_copied_as_curl(page: tuple[str, str]) -> None:
    address, text = page
    main = text.partition('id="main"')[2].partition("</main>")[0]
    forms = [form for form in re.findall(r"<form\b.*?</form>", main, re.S) if "field" in form]
    if any('method="post"' in form for form in forms) and address not in WITHOUT_CURL:
        assert "Copy as curl" in main
