"""The booking tool, as Vapi asks for it in a call: signed webhooks, a real calendar's sandbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.db import connections as databases
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.calendar.models import CalendarEvent
from integrations.calendar.tests.consent import connect
from sandbox.server import Sandbox
from vapi_settings.booking.tests.asking import LISTED, PATH, effects, offered

pytestmark = pytest.mark.django_db(transaction=True)

IN_FIVE_DAYS = {"from": (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m-%d")}
BOTH = pytest.mark.parametrize("provider", ["google", "microsoft"])


@BOTH
def test_free_times_are_offered_and_one_is_booked(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox, provider: str
) -> None:
    connect(api, provider)
    settings_(calendar=provider)
    times = offered(ask)
    assert len(times) == 5
    assert all(9 <= datetime.fromisoformat(one).hour < 17 for one in times)
    said = ask("book_slot", key="call_2", start=times[0], name="Grace", note="About the offer")
    assert said["result"].startswith("Booked: ")
    row = CalendarEvent.objects.get()
    assert (row.status, row.title) == ("confirmed", "Appointment: Grace")
    assert row.description == "Name: Grace\nAbout the offer"
    assert len(effects(sandbox)) == 1
    assert times[0] not in offered(ask, key="call_3")


def test_the_same_slot_in_the_same_call_is_booked_once(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]
    for key in ("call_2", "call_2", "call_3"):
        assert ask("book_slot", key=key, start=start, name="Grace")["result"].startswith("Booked")
    assert len(effects(sandbox)) == 1


def test_a_slot_that_another_call_has_booked_is_declined_with_others(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]
    ask("book_slot", call="one", start=start, name="Grace")
    said = ask("book_slot", call="two", start=start, name="Eve")["error"]
    assert "is not free. Free are: " in said
    assert start not in LISTED.findall(said)[1:]
    assert len(effects(sandbox)) == 1


@BOTH
def test_a_caller_who_changes_their_mind_has_the_other_time_only(
    api: APIClient, settings_: Any, ask: Any, provider: str
) -> None:
    connect(api, provider)
    settings_(calendar=provider)
    first, second, third = offered(ask)[:3]
    ask("book_slot", key="call_2", start=first, name="Grace")
    for key in ("call_3", "call_4"):
        said = ask("book_slot", key=key, start=second, name="Grace", instead_of=first)["result"]
        assert said.startswith("Booked: ")
        assert said.endswith("is not booked any more.")
    assert first in offered(ask, key="call_5")
    said = ask("book_slot", call="two", key="call_6", start=third, name="Eve", instead_of=second)
    assert said["result"].endswith("could not be taken back.")
    rows = CalendarEvent.objects.order_by("created_at")
    assert [row.status for row in rows] == ["deleted", "confirmed", "confirmed"]


@BOTH
def test_a_booking_is_moved_to_a_time_that_overlaps_its_own(
    api: APIClient, settings_: Any, ask: Any, provider: str
) -> None:
    connect(api, provider)
    settings_(calendar=provider, duration=30, working_hours="20:00-22:00")
    first = datetime.fromisoformat(offered(ask, **IN_FIVE_DAYS)[0])
    later = (first + timedelta(minutes=15)).isoformat("T", "minutes")
    start = first.isoformat("T", "minutes")
    ask("book_slot", key="call_2", start=start, name="Grace")
    # To another caller, and to this one as a second appointment, it is taken.
    for wish in ({"call": "two", "instead_of": start}, {}):
        said = ask("book_slot", key="call_3", start=later, name="Eve", **wish)["error"]
        assert "is not free" in said
    said = ask("book_slot", key="call_4", start=later, name="Grace", instead_of=start)["result"]
    assert said.endswith("is not booked any more.")
    rows = CalendarEvent.objects.order_by("created_at")
    assert [row.status for row in rows] == ["deleted", "confirmed"]


def test_a_booking_is_not_moved_over_somebody_elses(
    api: APIClient, settings_: Any, ask: Any
) -> None:
    connect(api)
    settings_(duration=30, working_hours="20:00-22:00")
    first = datetime.fromisoformat(offered(ask, **IN_FIVE_DAYS)[0])
    second, between = (
        (first + timedelta(minutes=minutes)).isoformat("T", "minutes") for minutes in (30, 15)
    )
    start = first.isoformat("T", "minutes")
    ask("book_slot", key="call_2", start=start, name="Grace")
    assert "result" in ask("book_slot", call="two", key="call_3", start=second, name="Eve")
    said = ask("book_slot", key="call_4", start=between, name="Grace", instead_of=start)["error"]
    assert "is not free" in said
    assert CalendarEvent.objects.filter(status="confirmed").count() == 2


def test_while_a_new_time_is_not_confirmed_the_former_one_stays_booked(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    first, second = offered(ask)[:2]
    ask("book_slot", key="call_2", start=first, name="Grace")
    fault = {"provider": "google", "kind": "garbage", "when": "after", "count": 1}
    match = {"match": "POST /calendar/v3/calendars/primary/events"}
    requests.post(f"{sandbox.url}/_sandbox/faults", json={**fault, **match}, timeout=5)
    said = ask("book_slot", key="call_3", start=second, name="Grace", instead_of=first)["result"]
    assert said.endswith("is booked until then.")
    assert CalendarEvent.objects.order_by("created_at")[0].status == "confirmed"


def test_a_caller_may_take_some_minutes_to_choose_the_first_time_that_was_offered(
    api: APIClient, settings_: Any, ask: Any
) -> None:
    connect(api)
    settings_(notice=60, working_hours="mon-sun 00:00-23:59", duration=5)
    first = offered(ask)[0]
    with time_machine.travel(timezone.now() + timedelta(minutes=9), tick=True):
        said = ask("book_slot", key="call_2", start=first, name="Grace")
    assert said["result"].startswith("Booked: ")


def test_a_time_that_cannot_be_taken_back_is_said_so(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    first, second = offered(ask)[:2]
    ask("book_slot", key="call_2", start=first, name="Grace")
    fault = {"provider": "google", "kind": "status", "status": 503, "match": "DELETE /calendar"}
    requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    said = ask("book_slot", key="call_3", start=second, name="Grace", instead_of=first)["result"]
    assert said.endswith("could not be taken back.")


def test_of_two_calls_at_once_one_gets_the_slot(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]

    def book(call: str) -> bool:
        try:
            return "result" in ask("book_slot", call=call, key=call, start=start, name=call)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(2) as calls:
        assert sorted(calls.map(book, ("one", "two"))) == [False, True]
    assert len(effects(sandbox)) == 1


def test_an_answer_that_got_lost_is_said_so_and_settled(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    from telephony.conftest import run_jobs

    connect(api)
    settings_()
    start = offered(ask)[0]
    fault = {"provider": "google", "kind": "garbage", "when": "after", "count": 1}
    match = {"match": "POST /calendar/v3/calendars/primary/events"}
    requests.post(f"{sandbox.url}/_sandbox/faults", json={**fault, **match}, timeout=5)
    said = ask("book_slot", key="call_2", start=start, name="Grace")["result"]
    assert "has not confirmed it yet" in said
    run_jobs(seconds=60)
    assert CalendarEvent.objects.get().status == "confirmed"
    again = ask("book_slot", key="call_3", start=start, name="Grace")
    assert again["result"].startswith("Booked: ")
    assert len(effects(sandbox)) == 1


def test_a_time_that_was_offered_can_be_booked_however_it_was_looked_for(
    api: APIClient, settings_: Any, ask: Any
) -> None:
    connect(api)
    settings_(working_hours="00:00-24:00")
    day = datetime.now(UTC) + timedelta(days=5)
    times = offered(ask, **{"from": day.strftime("%Y-%m-%dT10:10")})
    assert times[1].endswith(":15")
    assert "result" in ask("book_slot", key="call_2", start=times[1], name="Grace")


def test_a_booking_that_was_taken_back_is_made_anew(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]
    ask("book_slot", key="call_2", start=start, name="Grace")
    event = CalendarEvent.objects.get().reference
    assert api.delete(f"/api/v1/integrations/calendar/google/events/{event}").status_code == 204
    assert ask("book_slot", key="call_3", start=start, name="Grace")["result"].startswith("Booked")
    assert sorted(CalendarEvent.objects.values_list("status", flat=True)) == [
        "confirmed",
        "deleted",
    ]


def test_a_slot_that_a_call_asks_for_twice_at_once_is_its_own(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]

    def book(key: str) -> bool:
        try:
            return "result" in ask("book_slot", key=key, start=start, name="Grace")
        finally:
            databases.close_all()

    with ThreadPoolExecutor(2) as requests_:
        assert list(requests_.map(book, ("call_2", "call_3"))) == [True, True]
    assert len(effects(sandbox)) == 1


def test_the_settings_are_kept_and_the_json_leaves_the_server_to_the_assistant(
    api: APIClient, settings_: Any
) -> None:
    stored = settings_(duration=45, working_hours="09:00-12:00", title="Fitting")
    assert (stored["duration"], stored["working_hours"]) == (45, "09:00-12:00")
    find, book = api.get(PATH).json()["tools"]
    assert (find["function"]["name"], book["function"]["name"]) == ("find_free_slots", "book_slot")
    assert book["function"]["parameters"]["required"] == ["start", "name"]
    assert "server" not in find | book
