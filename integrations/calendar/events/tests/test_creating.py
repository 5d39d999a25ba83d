"""Creating and deleting events: once, whatever the provider does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connections as databases
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from ava.intents import keyed
from integrations.calendar.events import services
from integrations.calendar.events.errors import SlotTaken
from integrations.calendar.events.records import NewEvent
from integrations.calendar.models import CalendarEvent, Connection
from sandbox.server import Sandbox
from telephony.conftest import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)

TALK: dict[str, Any] = {
    "title": "Talk about the offer",
    "start": "2026-12-15T10:00:00",
    "end": "2026-12-15T10:30:00",
    "time_zone": "Europe/Berlin",
    "location": "Phone",
    "attendees": ["grace@example.com"],
    "description": "Bring the figures.",
}
CREATE = {
    "google": "POST /calendar/v3/calendars/primary/events",
    "microsoft": "POST /v1.0/me/events",
}


def create(api: APIClient, path: str, key: str = "", **changes: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return api.post(f"{path}/events", {**TALK, **changes}, format="json", headers=headers)


def fault(sandbox: Sandbox, provider: str, **order: Any) -> None:
    order = {"provider": provider, "match": CREATE[provider], **order}
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5)
    assert answer.ok, answer.text


def effects(sandbox: Sandbox) -> list[Any]:
    found = requests.get(f"{sandbox.url}/_sandbox/effects", timeout=5).json()["events"]
    return list(found)


def test_an_event_is_created_and_listed_as_it_was_wanted(
    api: APIClient, connected: str, sandbox: Sandbox
) -> None:
    answer = create(api, connected)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["start"], made["end"]) == ("2026-12-15T09:00:00Z", "2026-12-15T09:30:00Z")
    assert made["status"] == "confirmed"
    assert made["correlation_id"] == answer["X-Correlation-ID"]
    window = {"from": "2026-12-15T09:00:00Z", "to": "2026-12-15T09:30:00Z"}
    listed = api.get(f"{connected}/events", {**window, "search": "offer"}).json()["events"]
    [found] = listed
    assert found == {name: made[name] for name in found}
    assert found["attendees"] == ["grace@example.com"]


def test_a_whole_day_is_created_as_days(api: APIClient, connected: str) -> None:
    made = create(api, connected, start="2026-12-21", end="2026-12-23").json()
    assert (made["all_day"], made["start"], made["end"]) == (True, "2026-12-21", "2026-12-23")
    window = {"from": "2026-12-21", "to": "2026-12-22", "search": "offer"}
    [found] = api.get(f"{connected}/events", window).json()["events"]
    assert (found["all_day"], found["start"], found["end"]) == (True, "2026-12-21", "2026-12-23")


def test_the_same_key_creates_one_event(api: APIClient, connected: str, sandbox: Sandbox) -> None:
    first, again = (create(api, connected, key="one") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert len(effects(sandbox)) == 1
    assert create(api, connected, key="one", title="Another").status_code == 422


@pytest.mark.parametrize("kind", ["reset", "garbage"])
def test_an_answer_that_got_lost_is_found_out(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str, kind: str
) -> None:
    fault(sandbox, provider, kind=kind, when="after", count=3)
    answer = create(api, connected)
    assert answer.status_code == 202, answer.content
    assert answer.json()["status"] == "unknown"
    for seconds in (5, 60, 300):
        run_jobs(seconds=seconds)
    assert CalendarEvent.objects.get().status == "confirmed"
    assert len(effects(sandbox)) == 1


def test_what_never_arrived_is_created_by_its_job(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str
) -> None:
    fault(sandbox, provider, kind="garbage", when="before", count=3)
    answer = create(api, connected)
    assert answer.status_code == 202, answer.content
    for seconds in (5, 60, 300):
        run_jobs(seconds=seconds)
    assert CalendarEvent.objects.get().status == "confirmed"
    assert len(effects(sandbox)) == 1


def test_a_failure_that_created_nothing_is_said_at_once_and_the_key_begins_anew(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str
) -> None:
    fault(sandbox, provider, kind="status", status=500, count=6)
    answer = create(api, connected, key="one")
    assert answer.status_code == 502, answer.content
    assert CalendarEvent.objects.get().status == "failed"
    requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=5)
    assert create(api, connected, key="one").status_code == 201
    assert len(effects(sandbox)) == 1


def test_an_event_is_taken_back_by_either_id(
    api: APIClient, connected: str, sandbox: Sandbox
) -> None:
    first, second = (create(api, connected, title=title).json() for title in ("One", "Two"))
    assert api.delete(f"{connected}/events/{first['id']}").status_code == 204
    row = CalendarEvent.objects.get(title="Two")
    assert api.delete(f"{connected}/events/{row.pk}").status_code == 204
    assert second["id"] == row.reference
    assert {one.status for one in CalendarEvent.objects.all()} == {"deleted"}
    window = {"from": "2026-12-15", "to": "2026-12-16", "search": "One"}
    assert api.get(f"{connected}/events", window).json()["events"] == []


@pytest.mark.parametrize("event_id", ["nobody", "a%2Fb", "..", "x" * 2000, "%00"])
def test_an_event_that_is_not_there_is_a_404(api: APIClient, connected: str, event_id: str) -> None:
    answer = api.delete(f"{connected}/events/{event_id}")
    assert answer.status_code == 404, answer.content


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"start": "soon"}, "start"),
        ({"end": "2026-12-15T10:00:00"}, "end"),
        ({"end": "2026-12-16"}, "end"),
        ({"end": "2026-12-15T10:00:00.5"}, "end"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"attendees": ["nobody"]}, "attendees.0"),
        ({"attendees": ["nobody"] * 1000}, "attendees"),
        ({"start": "2026-03-29T02:30:00", "end": "2026-03-29T04:00:00"}, "start"),
    ],
)
def test_an_event_that_cannot_be_is_explained(
    api: APIClient, sandbox: Sandbox, changes: dict[str, Any], field: str
) -> None:
    answer = create(api, "/api/v1/integrations/calendar/google", **changes)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert effects(sandbox) == []


def test_events_are_counted_by_what_became_of_them_and_deleted_once_however_often_asked(
    api: APIClient, connected: str, provider: str
) -> None:
    def counted(status: str) -> float:
        labels = {"service": provider, "status": status}
        return REGISTRY.get_sample_value("ava_calendar_events_total", labels) or 0.0

    before = {status: counted(status) for status in ("confirmed", "deleted", "failed")}
    made = create(api, connected).json()
    for _ in range(2):  # once more: it is gone, and counted once
        assert api.delete(f"{connected}/events/{made['id']}").status_code == 204
    assert CalendarEvent.objects.get().timeline.filter(status="deleted").count() == 1
    after = {status: counted(status) - number for status, number in before.items()}
    assert after == {"confirmed": 1, "deleted": 1, "failed": 0}


def test_an_event_is_shown_by_either_id_and_what_became_of_it(
    api: APIClient, strangers_api: APIClient, connected: str, sandbox: Sandbox, provider: str
) -> None:
    fault(sandbox, provider, kind="garbage", when="after", count=1)
    made = create(api, connected)
    assert made.status_code == 202
    path = f"{connected}/events/{made.json()['id']}"
    assert api.get(path).json()["status"] == "unknown"
    run_jobs(seconds=60)
    shown = api.get(path).json()
    assert (shown["status"], shown["title"]) == ("confirmed", made.json()["title"])
    path = f"{connected}/events/{shown['id']}"
    assert api.get(path).json() == shown
    assert strangers_api.get(path).status_code in (403, 404)
    assert api.delete(path).status_code == 204
    assert api.get(path).json()["status"] == "deleted"


def test_the_stub_creates_nothing_and_says_why(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    answer = create(api, "/api/v1/integrations/calendar/google")
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Google Calendar is not connected. Demo events ")
    gone = api.delete("/api/v1/integrations/calendar/google/events/stub-google-1")
    assert gone.json()["code"] == "calendar_not_connected"
    assert CalendarEvent.objects.count() == 0


def test_of_bookings_of_one_time_at_once_one_is_made(
    user: User, connected: str, sandbox: Sandbox, provider: str
) -> None:
    start = datetime(2026, 12, 15, 10, tzinfo=UTC)

    def book(number: int) -> bool:
        begins = start + timedelta(minutes=10 * (number % 3))
        event = NewEvent("Booked", begins, begins + timedelta(minutes=30))
        try:
            services.book(user=user, provider=provider, event=event, idempotency=None)
        except SlotTaken:
            return False
        finally:
            databases.close_all()
        return True

    with ThreadPoolExecutor(8) as callers:
        assert sum(callers.map(book, range(8))) == 1
    assert len(effects(sandbox)) == 1


def test_a_stranger_can_neither_create_nor_delete(
    api: APIClient, strangers_api: APIClient, connected: str, sandbox: Sandbox, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    made = create(api, connected).json()
    assert create(strangers_api, connected).status_code == 403
    answer = strangers_api.delete(f"{connected}/events/{made['id']}")
    assert answer.status_code == 403
    assert CalendarEvent.objects.get().status == "confirmed"


def test_a_lost_event_is_not_created_in_the_calendar_of_another_account(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str
) -> None:
    fault(sandbox, provider, kind="reset", when="after", count=3)
    assert create(api, connected).status_code == 202
    Connection.objects.update(account="another@brightside.example")
    for seconds in (5, 60, 600):
        run_jobs(seconds=seconds)
    row = CalendarEvent.objects.get()
    assert row.status == "unknown"
    assert "may have gone out, or not" in row.error
    assert len(effects(sandbox)) == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_an_event_that_was_given_up_can_be_taken_back_and_its_time_booked(
    api: APIClient, user: User, connected: str, sandbox: Sandbox, provider: str, arrived: bool
) -> None:
    fault(sandbox, provider, kind="reset", when="after" if arrived else "before", count=3)
    assert create(api, connected).status_code == 202
    row = CalendarEvent.objects.get()
    keyed.give_up(row, "No answer came in a day.")
    wanted = NewEvent("Another", row.starts_at, row.ends_at)

    def book() -> CalendarEvent:
        return services.book(user=user, provider=provider, event=wanted, idempotency=None)

    if arrived:
        with pytest.raises(SlotTaken):
            book()
        assert api.delete(f"{connected}/events/{row.pk}").status_code == 204
        row.refresh_from_db()
        assert row.status == "deleted"
    assert book().status == "confirmed"
