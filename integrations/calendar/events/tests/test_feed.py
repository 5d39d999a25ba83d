"""The `.ics` feed: by its secret address alone, with the events that AVA created."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from icalendar import Calendar
from rest_framework.test import APIClient

from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db

FEED = "/api/v1/integrations/calendar/feed"


def made(api: APIClient) -> str:
    answer = api.post(FEED)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["url"])


def read(url: str) -> Any:
    return Client().get(url.removeprefix("http://testserver"))


def test_what_ava_created_is_in_the_feed_until_it_is_deleted(
    api: APIClient, connected: str
) -> None:
    start = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    event = {
        "title": "Talk\x01; with, marks\x0b",
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=30)).isoformat(),
        "location": "Phone",
    }
    event_id = api.post(f"{connected}/events", event, format="json").json()["id"]
    url = made(api)
    answer = read(url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.content.decode().replace("\r\n", "").isprintable()
    [found] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert (str(found["SUMMARY"]), found["DTSTART"].dt) == ("Talk; with, marks", start)
    api.delete(f"{connected}/events/{event_id}")
    assert Calendar.from_ical(read(url).content).walk("VEVENT") == []


def test_a_new_address_ends_the_old_and_a_deleted_one_is_gone(api: APIClient) -> None:
    first, second = made(api), made(api)
    assert read(first).status_code == 404
    assert read(second).status_code == 200
    assert api.delete(FEED).status_code == 204
    assert read(second).status_code == 404
    assert api.delete(FEED).status_code == 204


@pytest.mark.parametrize("query", ["", "?key=", "?key=nonsense", "?key=%00"])
def test_without_the_secret_there_is_no_feed(api: APIClient, query: str) -> None:
    made(api)
    assert Client().get(f"/calendar.ics{query}").status_code == 404


def test_a_deactivated_users_feed_is_gone(api: APIClient, user: User) -> None:
    url = made(api)
    user.is_active = False
    user.save()
    assert read(url).status_code == 404


def test_the_secret_is_in_no_log_line(
    api: APIClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    url = made(api)
    read(url)
    read(url + "x")
    assert "/calendar.ics" in caplog.text
    assert url.partition("key=")[2] not in caplog.text
