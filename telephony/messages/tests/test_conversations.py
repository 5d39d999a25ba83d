"""Conversations with one person in the console, and the page of opt-outs."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sandbox.server import Sandbox
from telephony.conftest import OURS, THEIRS, posts
from telephony.messages.models import Message
from telephony.messages.tests.test_pages import make, text
from telephony.optouts import services as optouts

pytestmark = pytest.mark.database

TALK = f"/messages/with/{THEIRS}"
LIST = "/messages/opt-outs"
NO_MORE = "They get no messages and no calls"


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def told(owner: User, *bodies: str) -> None:
    """Messages a minute apart, in turn sent and received."""
    for place, body in enumerate(bodies):
        row = {"body": body, "created_at": timezone.now() - timedelta(minutes=60 - place)}
        if place % 2:
            row |= {"direction": "inbound", "to": OURS, "from_number": THEIRS, "status": "received"}
        make(owner, **row)


def test_a_conversation_has_both_sides_in_order_and_nobody_elses(
    browser: Client, user: User, stranger: User
) -> None:
    told(user, "Is Monday fine?", "Yes", "See you then")
    make(user, to="+14155550177", body="To somebody else")
    make(stranger, body="By somebody else")
    page = text(browser.get(TALK))
    places = [page.index(one) for one in ("Is Monday fine?", ">Yes<", "See you then")]
    assert places == sorted(places)
    assert "somebody else" not in page
    assert len(re.findall(r'class="turn is-ours"', page)) == 2


def test_an_answer_goes_out_once_from_the_number_they_wrote_to(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    told(twilio_user, "Hello", "Who is there?")
    page = text(browser.get(TALK))
    form = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("key", "to")}  # type: ignore[index]
    form |= {"from_number": OURS, "body": "The bakery."}
    for _ in range(2):
        assert browser.post(TALK, form)["Location"] == TALK
    assert len(posts(sandbox)) == 1
    sent = Message.objects.get(body="The bakery.")
    assert (sent.to, sent.from_number) == (THEIRS, OURS)
    assert "The bakery." in text(browser.get(TALK))


def test_an_answer_is_sent_to_whom_the_page_is_about(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    browser.post(TALK, {"to": "+14155550177", "from_number": OURS, "body": "Hi"})
    assert Message.objects.get().to == THEIRS


def test_an_empty_answer_is_refused_and_the_text_stays_after_a_failure(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    assert "This field is required" in text(browser.post(TALK, {"body": ""}), 422)
    sandbox.faults.add("twilio", "status", status=401)
    answer = browser.post(TALK, {"body": "Kept", "from_number": OURS})
    assert "Invalid Twilio API key" in text(answer, 401)
    assert "Kept" in text(answer, 401)


def test_earlier_messages_are_a_page_away_at_the_same_cost(browser: Client, user: User) -> None:
    told(user, *(f"text {number:02}" for number in range(60)))
    with CaptureQueriesContext(connection) as found:
        page = text(browser.get(TALK))
    assert len(found) <= 8
    assert "text 10" in page
    assert "text 09" not in page
    older = re.search(r'href="([^"]*before=[^"]*)"', page)
    assert older
    page = text(browser.get(older[1]))
    assert "text 09" in page
    assert "text 10" not in page
    assert "To the newest" in page


def test_the_thread_is_answered_only_where_something_has_changed(
    browser: Client, user: User
) -> None:
    told(user, "Hello")
    live = re.search(r'hx-get="([^"]*seen=[^"]*)"', text(browser.get(TALK)))
    assert live
    headers = {"HX-Request": "true", "HX-Target": "thread"}
    assert browser.get(live[1], headers=headers).status_code == 204
    Message.objects.update(status="failed")
    page = text(browser.get(live[1], headers=headers))
    assert 'id="thread"' in page
    assert "<html" not in page


def test_who_wants_no_more_cannot_be_answered_until_taken_off_the_list(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    told(twilio_user, "Hello")
    assert browser.post(LIST, {"number": THEIRS, "next": TALK})["Location"] == TALK
    page = text(browser.get(TALK))
    assert NO_MORE in page
    assert 'name="body"' not in page
    answer = browser.post(TALK, {"body": "Hi", "from_number": OURS})
    assert "wants no calls" in text(answer, 409) or NO_MORE in text(answer, 409)
    assert posts(sandbox) == []
    off = {"number": THEIRS, "next": TALK}
    assert browser.post(f"{LIST}/end", off)["Location"] == TALK
    assert 'name="body"' in text(browser.get(TALK))


def test_the_list_of_opt_outs_is_entered_searched_and_shortened(
    browser: Client, user: User, stranger: User
) -> None:
    assert "Nobody has opted out" in text(browser.get(LIST))
    optouts.add(user=stranger, person="+14155550188")
    browser.post(LIST, {"number": "+1 415 555 0177"})
    page = text(browser.get(LIST))
    assert "+1 415-555-0177" in page
    assert "Entered by you" in page
    assert "0188" not in page
    assert "No number fits" in text(browser.get(LIST, {"search": "999"}))
    assert "0177" in text(browser.get(LIST, {"search": "555"}))
    browser.post(f"{LIST}/end", {"number": "+14155550177"})
    assert "Nobody has opted out" in text(browser.get(LIST))


def test_a_number_that_is_none_is_explained(browser: Client) -> None:
    assert "field-error" in text(browser.post(LIST, {"number": "12"}), 422)
    page = browser.post(f"{LIST}/end", {"number": "+14155550177"}, follow=True)
    assert "toast" in text(page)


@pytest.mark.parametrize("number", ["abc", "+1"])
def test_there_is_no_conversation_with_what_is_no_address(browser: Client, number: str) -> None:
    assert browser.get(f"/messages/with/{number}").status_code == 404


def test_whoever_has_written_has_a_conversation_though_nobody_can_answer(
    browser: Client, user: User
) -> None:
    make(user, direction="inbound", to=OURS, from_number="BANK", body="Code 17", status="received")
    assert "Code 17" in text(browser.get("/messages/with/BANK"))


def test_a_refusal_for_an_opt_out_leads_to_the_list(browser: Client, twilio_user: User) -> None:
    optouts.add(user=twilio_user, person=THEIRS)
    form = {"to": THEIRS, "from_number": OURS, "body": "Hello"}
    page = text(browser.post("/messages/new", form), 409)
    assert f'Take them off first. <a href="{LIST}">' in page
