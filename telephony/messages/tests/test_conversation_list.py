"""The list of conversations in the console."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from telephony.conftest import OURS
from telephony.messages.models import Message
from telephony.messages.tests.test_pages import htmx, make, text
from telephony.tests.test_plans import ROWS, looked_at
from tests import many

pytestmark = pytest.mark.database

LIST = "/messages/with"
ADA, BEN, CAI = "+14155550101", "+14155550102", "+14155550203"


def told(owner: User, person: str, body: str, *, minutes: int, inbound: bool = False) -> Message:
    ends = {"from_number": person, "to": OURS} if inbound else {"from_number": OURS, "to": person}
    way = {"direction": "inbound", "status": "received"} if inbound else {}
    at = timezone.now() - timedelta(minutes=minutes)
    [row] = make(owner, body=body, created_at=at, **ends, **way)
    return row


def people(page: str) -> list[str]:
    return re.findall(r'href="/messages/with/([^"]+)"', page)


def test_each_person_is_listed_once_with_the_latest_message_the_newest_first(
    browser: Client, user: User, stranger: User
) -> None:
    told(user, ADA, "Is Monday fine?", minutes=50)
    told(user, BEN, "See you on Friday", minutes=40)
    told(user, ADA, "Monday is fine", minutes=30, inbound=True)
    told(stranger, CAI, "By somebody else", minutes=20)
    page = text(browser.get(LIST))
    assert people(page) == [ADA, BEN]
    assert "Monday is fine" in page
    assert 'aria-label="From them"' in page
    assert "Is Monday fine?" not in page
    assert "somebody else" not in page
    assert f'href="{LIST}"' in text(browser.get("/messages"))


def test_of_two_messages_of_one_moment_one_stands_for_the_person(
    browser: Client, user: User
) -> None:
    first, second = (told(user, ADA, body, minutes=5) for body in ("First", "Second"))
    Message.objects.update(created_at=first.created_at)
    latest = max(first, second, key=lambda row: row.pk)
    page = text(browser.get(LIST))
    assert people(page) == [ADA]
    assert latest.body in page


@pytest.mark.parametrize("sought", ["0101", "555-0101", "+1 415 555 0101", "whatsapp:+14155550101"])
def test_a_person_is_found_by_part_of_their_number_however_it_is_written(
    browser: Client, user: User, sought: str
) -> None:
    told(user, ADA, "Call 4155550102 instead", minutes=2)
    told(user, BEN, "Hello", minutes=1)
    assert people(text(browser.get(LIST, {"search": sought}))) == [ADA]


def test_who_is_not_found_is_said_and_the_whole_list_a_click_away(
    browser: Client, user: User
) -> None:
    told(user, ADA, "Hello", minutes=1)
    page = text(browser.get(LIST, {"search": "777"}))
    assert "Nobody with such a number" in page
    assert f'href="{LIST}"' in page


def test_without_messages_the_list_leads_to_the_first_one(browser: Client) -> None:
    page = text(browser.get(LIST))
    assert "No conversations yet" in page
    assert 'href="/messages/new"' in page


def test_pages_follow_each_other_and_leave_nobody_out(browser: Client, user: User) -> None:
    everybody = [f"+1415555{number:04}" for number in range(130)]
    for place, person in enumerate(everybody):
        told(user, person, "Hello", minutes=place)
    found, address = [], LIST
    while address:
        page = text(browser.get(address))
        found += people(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1] if older else ""
    assert found == everybody


def test_news_says_how_many_conversations_went_on_and_shows_what_became_of_messages(
    browser: Client, user: User
) -> None:
    row = told(user, ADA, "Hello", minutes=1)
    told(user, BEN, "Hello", minutes=2)
    news = re.search(r'hx-get="([^"]*shown=[^"]*)"', text(browser.get(LIST)))
    assert news
    told(user, BEN, "Who is this?", minutes=0, inbound=True)
    Message.objects.filter(pk=row.pk).update(status="undelivered", updated_at=timezone.now())
    answer = text(browser.get(news[1], headers=htmx("news")))
    assert "1 new conversation<" in answer
    assert re.search(rf'id="state-{row.pk}" hx-swap-oob="true"', answer)


@pytest.mark.slow
@pytest.mark.parametrize("few", [False, True])
def test_the_list_is_read_along_indexes_with_many_people_and_with_one(
    browser: Client, user: User, stranger: User, settings: Any, *, few: bool
) -> None:
    for owner, rows in ((user, ROWS), (stranger, 2000)):
        told(owner, ADA, "Hello", minutes=1, inbound=few)  # copies go to other people
        many.multiply(Message, rows, owner=owner)
    many.analyze()
    for query in ({}, {"search": "4155550101"}, {"search": "nobody"}, {"search": "1415"}):
        # PostgreSQL sorts what it has looked through.
        may_sort = connection.vendor == "postgresql" and query == {"search": "1415"}
        answer = looked_at(browser, LIST, query, most=4, may_sort=may_sort)
        assert bool(people(text(answer))) == (query != {"search": "nobody"})
