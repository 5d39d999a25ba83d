"""The room Messages of the console, against the sandbox."""

import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sandbox.server import Sandbox
from telephony.conftest import OURS, THEIRS, phone, posts, run_jobs, until
from telephony.messages.models import Message

pytestmark = pytest.mark.database
SEND = {"to": THEIRS, "body": "Your table is ready.", "from_number": OURS}


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def text(page: Any, status: int = 200) -> str:
    assert page.status_code == status, page.content
    return " ".join(page.content.decode().split())


def make(owner: User, number: int = 1, **fields: Any) -> list[Message]:
    more = {"to": THEIRS, "from_number": OURS, "status": "delivered", "body": "Hello", **fields}
    return Message.objects.bulk_create(
        Message(owner=owner, holder=str(owner.pk), **more) for _ in range(number)
    )


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def test_without_messages_the_page_leads_to_the_first_one(browser: Client) -> None:
    page = text(browser.get("/messages"))
    assert "No messages yet" in page
    assert 'href="/messages/new"' in page


@pytest.mark.parametrize(
    ("end", "said"), [("delivered", "Delivered"), ("undelivered", "This message did not arrive")]
)
def test_a_message_is_sent_and_its_page_shows_what_becomes_of_it(
    browser: Client, twilio_user: User, sandbox: Sandbox, end: str, said: str
) -> None:
    phone(sandbox, "answer", texts=end)
    answer = browser.post("/messages/new", SEND)
    message = Message.objects.get()
    assert answer["Location"] == f"/messages/{message.pk}"
    page = text(browser.get(answer["Location"]))
    for shown in ("Message sent.", "+1 415-555-0123", SEND["body"], message.correlation_id):
        assert shown in page
    mark = re.search(r"\?seen=(\w+)", page)
    assert mark
    live = f"/messages/{message.pk}?seen={mark[1]}"
    assert browser.get(live, headers=htmx("live")).status_code == 204
    leaps = count(30, 300)

    def has_ended() -> bool:
        run_jobs(seconds=next(leaps))
        return Message.objects.filter(status__in=Message.machine.final).exists()

    until(has_ended)
    part = text(browser.get(live, headers=htmx("live")))
    assert "<html" not in part
    assert said in part


def test_the_form_in_the_drawer_does_the_same(browser: Client, twilio_user: User) -> None:
    form = text(browser.get("/messages/new", headers=htmx("drawer-body")))
    assert "<html" not in form
    answer = browser.post("/messages/new", SEND, headers=htmx("sheet"))
    assert answer["HX-Redirect"] == f"/messages/{Message.objects.get().pk}"


def test_a_form_that_is_posted_twice_sends_one_message(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    key = re.search(r'name="key" value="([^"]+)"', text(browser.get("/messages/new")))
    assert key
    answers = [browser.post("/messages/new", {**SEND, "key": key[1]}) for _ in range(2)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert len(posts(sandbox)) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"to": "12"}, "Begin with + and the country code"),
        ({"body": "  "}, "Write a text."),
        ({"from_number": "+14155550100"}, "This is not a phone number of your Twilio account."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_sent(
    browser: Client, twilio_user: User, sandbox: Sandbox, changes: Any, sentence: str
) -> None:
    for headers in ({}, htmx("sheet")):
        answer = browser.post("/messages/new", {**SEND, **changes}, headers=headers)
        assert answer.status_code in (400, 422)
        assert sentence in answer.content.decode()
    assert posts(sandbox) == []


def test_a_message_for_later_is_taken_back(browser: Client, user: User) -> None:
    [later] = make(user, status="scheduled", send_at=timezone.now() + timedelta(hours=1))
    address = f"/messages/{later.pk}"
    assert "Take back" in text(browser.get(address))
    part = browser.post(f"{address}/cancel", headers=htmx("live"))
    assert "canceled" in text(part)
    assert "Nothing was sent." in part["HX-Trigger"]
    assert "Take back" not in text(browser.get(address))
    assert browser.post(f"{address}/cancel").status_code == 409


def test_filters_and_search_live_in_the_address(browser: Client, user: User) -> None:
    make(user, to="+14155550101", body="The bill is due")
    make(user, to="+14155550102", status="undelivered")
    make(user, from_number="+14155550103", to=OURS, direction="inbound", status="received")

    def shown(query: str) -> set[str]:
        table = text(browser.get(f"/messages?{query}")).partition("<tbody>")[2]
        return {last for last in "123" if f"+1 415-555-010{last}" in table}

    assert shown("") == {*"123"}
    assert shown("status=undelivered") == {"2"}
    assert shown("direction=inbound") == {"3"}
    assert shown("search=BILL") == {"1"}
    assert shown("from=%2B14155550103") == {"3"}
    assert "AVA does not know this filter" in text(browser.get("/messages?status=busy"), 400)


def test_new_messages_are_counted_and_the_list_stays(browser: Client, user: User) -> None:
    make(user)
    page = browser.get("/messages").content.decode()
    news = re.search(r'hx-get="([^"]+)" hx-trigger="due, every 5s"', page)
    assert news
    make(user, 100)
    part = text(browser.get(news[1].replace("&amp;", "&"), headers=htmx("news")))
    assert "100 new messages" in part
    assert "<tr" not in part


def test_a_stranger_meets_no_message_of_anothers(browser: Client, stranger: User) -> None:
    [message] = make(stranger, status="scheduled")
    address = f"/messages/{message.pk}"
    for page in (browser.get(address), browser.post(f"{address}/cancel")):
        assert page.status_code == 404
        assert "There is no such message." in page.content.decode()
    assert "No messages yet" in text(browser.get("/messages"))


def test_what_others_wrote_stays_text(browser: Client, user: User) -> None:
    [message] = make(user, body="<script>x</script>", direction="inbound", status="received")
    for address in ("/messages", f"/messages/{message.pk}"):
        assert "<script>x" not in text(browser.get(address))


@pytest.mark.parametrize("address", ["/messages", "/messages?search=hello", "one"])
def test_a_page_costs_at_most_eight_statements_however_many_rows_there_are(
    browser: Client, user: User, address: str
) -> None:
    [message] = make(user)
    address = f"/messages/{message.pk}" if address == "one" else address

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            text(browser.get(address))
        return len(found)

    few = statements()
    make(user, 200)
    assert max(few, statements()) <= 8
