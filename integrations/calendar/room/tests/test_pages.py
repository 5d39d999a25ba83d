"""The room Calendar: the week, events, free slots and the feed, with scripts and without."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from integrations.calendar.events import feed
from integrations.calendar.models import CalendarEvent, Connection
from integrations.calendar.tests.consent import connect
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

WEEK = "/calendar?from=2026-12-07&time_zone=Europe/Berlin"
AGENDA = {"HX-Request": "true", "HX-Target": "agenda"}
NEW = "/calendar/events/new"
FORM = {
    "title": "Root canal",
    "calendar": "google",
    "start_day": "2026-12-08",
    "start_time": "11:00",
    "end_time": "11:30",
    "time_zone": "Europe/Berlin",
    "attendees": "grace@example.com",
}


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def ada(api: APIClient, browser: Client, sandbox: Sandbox) -> Client:
    """Somebody whose Google Calendar is connected."""
    connect(api)
    return browser


def test_the_page_is_there_before_the_calendar_is_asked(ada: Client, sandbox: Sandbox) -> None:
    asked = len(sandbox.requests("google"))
    page = text(ada.get(WEEK))
    assert 'hx-trigger="load"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert len(sandbox.requests("google")) == asked


@pytest.mark.parametrize("headers", [AGENDA, {}], ids=["fragment", "page"])
def test_a_week_has_its_events_on_the_clocks_that_are_asked_for(
    ada: Client, headers: dict[str, str]
) -> None:
    page = text(ada.get(WEEK if headers else f"{WEEK}&whole=1", headers=headers))
    assert page.count(">Stand-up<") == 5
    assert "09:30 – 09:45" in page  # noqa: RUF001 - an en dash between times
    assert "All day" in page
    assert ("<html" in page) is not headers


def test_weeks_lead_to_those_before_and_after(ada: Client) -> None:
    page = text(ada.get(WEEK))
    assert "7 to 13 December 2026" in page
    assert "from=2026-11-30" in page
    assert "from=2026-12-14" in page
    assert ada.get("/calendar?from=9999-12-31").status_code == 200


def test_demo_events_are_said_to_be_some(browser: Client, settings: Any) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    page = text(browser.get("/calendar", headers=AGENDA))
    assert "These are demo events" in page
    assert "Google Calendar, demo" in page


def test_where_stubs_are_refused_the_next_step_is_to_connect(
    browser: Client, settings: Any, sandbox: Sandbox
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    answer = browser.get("/calendar", headers=AGENDA)
    assert answer.status_code == 200
    assert "Please complete OAuth setup for calendar access." in text(answer)
    assert 'action="/settings/calendar/google/connect"' in text(answer)


def test_an_outage_is_said_in_place_with_what_ava_knows(ada: Client, sandbox: Sandbox) -> None:
    ada.post(NEW, FORM)
    sandbox.faults.add("google", "status", status=503)
    answer = ada.get(WEEK, headers=AGENDA)
    assert answer.status_code == 200
    assert "Google Calendar gives no answer" in text(answer)
    assert ">Root canal<" in text(answer)
    assert ">Stand-up<" not in text(answer)


def test_access_that_ended_has_one_next_step(ada: Client) -> None:
    Connection.objects.update(state="reconnect")
    page = text(ada.get(WEEK, headers=AGENDA))
    assert "Google Calendar must be connected again" in page
    assert 'action="/settings/calendar/google/connect"' in page


def test_an_event_is_created_once_however_often_the_form_is_sent(ada: Client) -> None:
    key = re.search(r'name="key" value="([^"]+)"', text(ada.get(NEW)))
    assert key
    for _ in range(2):
        assert ada.post(NEW, {**FORM, "key": key[1]}).status_code == 302
    row = CalendarEvent.objects.get()
    assert (row.start, row.end) == ("2026-12-08T10:00:00+00:00", "2026-12-08T10:30:00+00:00")
    page = text(ada.get(WEEK, headers=AGENDA))
    assert ">Root canal<" in page
    assert "Created by AVA" in page


def test_an_event_without_times_lasts_whole_days(ada: Client) -> None:
    ada.post(NEW, {**FORM, "start_time": "", "end_time": "", "end_day": "2026-12-09"})
    row = CalendarEvent.objects.get()
    assert (row.start, row.end) == ("2026-12-08", "2026-12-10")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"end_time": ""}, "When does it end?"),
        ({"end_time": "10:00"}, "The end comes after the start."),
        ({"time_zone": "Nowhere"}, "Use the name of a time zone"),
        ({"attendees": "grace"}, "valid email"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_created(
    ada: Client, change: dict[str, str], said: str
) -> None:
    answer = ada.post(NEW, {**FORM, **change})
    assert answer.status_code == 422
    assert said in text(answer)
    assert 'value="Root canal"' in text(answer)
    assert not CalendarEvent.objects.exists()


def test_an_event_is_deleted_after_a_look_at_who_is_told(ada: Client) -> None:
    ada.post(NEW, FORM)
    address = f"/calendar/events/google/{CalendarEvent.objects.get().reference}"
    page = text(ada.get(address))
    assert "Tuesday 8 December" in page
    asked = text(ada.get(f"{address}/delete"))
    assert "grace@example.com" in asked
    assert CalendarEvent.objects.get().status == "confirmed"
    assert "The event is deleted" in text(ada.post(f"{address}/delete", follow=True))
    assert CalendarEvent.objects.get().status == "deleted"


def test_an_event_that_got_no_answer_is_followed_until_it_is_known(
    ada: Client, sandbox: Sandbox
) -> None:
    match = "POST /calendar/v3/calendars/primary/events"
    sandbox.faults.add("google", "garbage", match=match, when="after", count=3)
    address = ada.post(NEW, FORM)["Location"]
    page = text(ada.get(address))
    assert "AVA is finding out" in page
    assert 'hx-trigger="every 3s"' in page
    assert "Delete event" not in page


def test_a_stranger_finds_no_event(ada: Client, stranger: User) -> None:
    ada.post(NEW, FORM)
    row = CalendarEvent.objects.get()
    ada.force_login(stranger)
    for event_id in (row.pk, row.reference):
        for end in ("", "/delete"):
            assert ada.get(f"/calendar/events/google/{event_id}{end}").status_code == 404


def test_a_free_slot_leads_to_an_event_that_is_filled_in(ada: Client) -> None:
    query = "day=2026-12-08&days=1&duration=1h&time_zone=Europe/Berlin"
    headers = {"HX-Request": "true", "HX-Target": "slots"}
    page = text(ada.get(f"/calendar/slots?{query}", headers=headers))
    links = re.findall(r'href="(/calendar/events/new[^"]+)"', page)
    whole = text(ada.get(f"/calendar/slots?{query}&whole=1"))
    assert re.findall(r'href="(/calendar/events/new[^"]+)"', whole) == links
    href = links[0].replace("&amp;", "&")
    form = text(ada.get(href))
    assert 'value="2026-12-08"' in form
    assert 'value="Europe/Berlin"' in form


def test_slots_that_cannot_be_looked_for_are_explained(ada: Client) -> None:
    answer = ada.get("/calendar/slots?duration=soon")
    assert answer.status_code == 400
    assert "Write a duration" in text(answer)


def test_the_address_of_the_feed_is_shown_once_and_a_new_one_ends_it(
    browser: Client, user: User
) -> None:
    pattern = re.compile(r"calendar\.ics\?key=([\w-]+)")
    first = pattern.search(text(browser.post("/calendar/feed")))
    assert first
    assert feed.owner(first[1]) == user.pk
    assert not pattern.search(text(browser.get("/calendar/feed")))
    second = pattern.search(text(browser.post("/calendar/feed")))
    assert second
    assert browser.get(f"/calendar.ics?key={first[1]}").status_code == 404
    assert browser.get(f"/calendar.ics?key={second[1]}").status_code == 200
    assert browser.post("/calendar/feed/end").status_code == 422
    assert browser.get(f"/calendar.ics?key={second[1]}").status_code == 200
    browser.post("/calendar/feed/end", {"typed": "calendar feed"})
    assert browser.get(f"/calendar.ics?key={second[1]}").status_code == 404


def test_a_week_costs_few_statements(ada: Client) -> None:
    ada.get(WEEK, headers=AGENDA)
    with CaptureQueriesContext(connection) as found:
        assert ada.get(WEEK, headers=AGENDA).status_code == 200
    assert len(found) <= 8


def test_the_form_of_an_event_is_a_request_of_the_api_and_suggests_time_zones(ada: Client) -> None:
    page = text(ada.get(f"{NEW}?title=Visit"))
    assert "Copy as curl" in page
    assert "/calendar/google/events" in page
    assert '<option value="Europe/Berlin">' in page
