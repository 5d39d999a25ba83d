"""Events that people delete or move in their calendar, where AVA does not see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.calendar.connections import access
from integrations.calendar.events import services
from integrations.calendar.events.errors import SlotTaken
from integrations.calendar.events.records import NewEvent
from integrations.calendar.models import CalendarEvent, Connection
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 12, 15, 10, tzinfo=UTC)
EVENTS = {
    "google": "/calendar/v3/calendars/primary/events",
    "microsoft": "/v1.0/me/events",
}


def booked(user: User, provider: str, start: datetime) -> CalendarEvent:
    event = NewEvent("Booked", start, start + timedelta(minutes=30))
    return services.book(user=user, provider=provider, event=event, idempotency=None)


def at_provider(user: User, sandbox: Sandbox, row: CalendarEvent, method: str, **body: Any) -> None:
    """What a person does in the provider's own app."""
    token = access(user=user, provider=row.provider).token
    url = f"{sandbox.url}/{row.provider}{EVENTS[row.provider]}/{row.reference}"
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, url, headers=headers, json=body or None, timeout=5)
    assert answer.ok, answer.text


def test_time_of_an_event_that_was_deleted_elsewhere_can_be_booked(
    user: User, connected: str, sandbox: Sandbox, provider: str
) -> None:
    first = booked(user, provider, START)
    at_provider(user, sandbox, first, "DELETE")
    booked(user, provider, START)
    first.refresh_from_db()
    assert first.status == "deleted"
    assert first.timeline.last().detail == "The calendar no longer has it."


@pytest.mark.parametrize("provider", ["google"])  # the sandbox's Microsoft cannot move events
def test_time_of_an_event_that_was_moved_elsewhere_can_be_booked(
    user: User, connected: str, sandbox: Sandbox, provider: str
) -> None:
    first = booked(user, provider, START)
    later = {
        name: {"dateTime": f"2026-12-16T{clock}:00", "timeZone": "UTC"}
        for name, clock in (("start", "15:00"), ("end", "15:30"))
    }
    at_provider(user, sandbox, first, "PATCH", **later)
    booked(user, provider, START)
    with pytest.raises(SlotTaken):
        booked(user, provider, START + timedelta(minutes=10))
    first.refresh_from_db()
    assert (first.status, first.start) == ("confirmed", "2026-12-16T15:00:00+00:00")
    with pytest.raises(SlotTaken):
        booked(user, provider, first.starts_at)


def test_an_event_that_is_gone_already_is_taken_back_once(
    api: APIClient, user: User, connected: str, sandbox: Sandbox, provider: str
) -> None:
    row = booked(user, provider, START)
    at_provider(user, sandbox, row, "DELETE")
    assert api.delete(f"{connected}/events/{row.reference}").status_code == 204
    row.refresh_from_db()
    assert row.status == "deleted"


def test_a_deletion_whose_answer_got_lost_is_done(
    api: APIClient, user: User, connected: str, sandbox: Sandbox, provider: str
) -> None:
    row = booked(user, provider, START)
    fault = {"kind": "reset", "when": "after", "match": f"DELETE {EVENTS[provider]}", "count": 1}
    order = {"provider": provider, **fault}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5).ok
    assert api.delete(f"{connected}/events/{row.reference}").status_code == 204
    row.refresh_from_db()
    assert row.status == "deleted"


@pytest.mark.parametrize("provider", ["microsoft"])  # Google knows what was there
def test_an_event_of_an_account_that_was_connected_before_is_not_said_to_be_deleted(
    api: APIClient, user: User, connected: str, sandbox: Sandbox, provider: str
) -> None:
    row = booked(user, provider, START)
    at_provider(user, sandbox, row, "DELETE")
    Connection.objects.update(account="another@brightside.example")
    assert api.delete(f"{connected}/events/{row.reference}").status_code == 404
    row.refresh_from_db()
    assert row.status == "confirmed"
