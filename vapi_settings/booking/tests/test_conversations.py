"""Conversations as they are: what assistants ask for, and how."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import time_machine
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.calendar.models import CalendarEvent
from integrations.calendar.tests.consent import connect
from sandbox.server import Sandbox
from tests.server import until
from vapi_settings.booking import tools
from vapi_settings.booking.tests.asking import LISTED, effects, offered
from vapi_settings.conftest import store_key
from vapi_settings.tests.hooking import payload

pytestmark = pytest.mark.django_db(transaction=True)


def test_chats_that_are_no_calls_have_bookings_of_their_own(
    api: APIClient, settings_: Any, ask: Any, send: Any
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]
    said = []
    for key in ("chat_1", "chat_2"):
        function = {"name": "book_slot", "arguments": {"start": start, "name": key}}
        wish = {"id": key, "type": "function", "function": function}
        body = payload("tool_calls", toolCallList=[wish], toolWithToolCallList=[])
        del body["message"]["call"]
        [result] = send(body).json()["results"]
        said.append("result" in result)
    assert said == [True, False]


@pytest.mark.parametrize("as_text", [False, True])
def test_what_a_caller_says_is_kept_whatever_it_is(
    api: APIClient, settings_: Any, ask: Any, as_text: bool
) -> None:
    connect(api)
    settings_()
    said = {"name": "Gr\x00ace \ud800 \u5f20\n" + "x" * 5000, "phone": 4915112345678}
    start = offered(ask)[0]
    function = {"start": start, **said}
    answer = ask("book_slot", key="call_2", raw=json.dumps(function) if as_text else function)
    assert "result" in answer, answer
    row = CalendarEvent.objects.get()
    assert row.title.startswith("Appointment: Gr\ufffdace \ufffd \u5f20 x")
    assert "Phone: 4915112345678" in row.description.splitlines()


def test_a_day_in_words_is_answered_with_the_day_it_is(settings_: Any, ask: Any) -> None:
    settings_()
    for tool, name in (("find_free_slots", "from"), ("book_slot", "start")):
        said = ask(tool, key=tool, **{name: "tomorrow"})["error"]
        [now] = LISTED.findall(said)
        local = datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
        assert abs(local - datetime.fromisoformat(now)) < timedelta(hours=1)


def test_a_booking_that_takes_too_long_may_be_asked_about(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    start = offered(ask)[0]
    fault = {"provider": "google", "kind": "hang", "when": "after", "count": 1}
    match = {"match": "POST /calendar/v3/calendars/primary/events"}
    requests.post(f"{sandbox.url}/_sandbox/faults", json={**fault, **match}, timeout=5)
    said = ask("book_slot", key="call_2", start=start, name="Grace")["error"]
    assert "may still be made" in said
    again = ask("book_slot", key="call_3", start=start, name="Grace")["result"]
    assert "has not confirmed it yet" in again
    requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=5)
    until(lambda: CalendarEvent.objects.get().status != "pending")
    assert len(effects(sandbox)) == 1


def test_slots_that_take_too_long_leave_the_caller_a_way_out(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox
) -> None:
    connect(api)
    settings_()
    fault = {"provider": "google", "kind": "hang", "match": "POST /calendar/v3/freeBusy"}
    requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    assert ask("find_free_slots")["error"] == tools.NO_ANSWER
    requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=5)


@pytest.mark.parametrize("do", ["revoke", "expire"])
def test_a_calendar_that_lets_ava_in_no_more_is_no_riddle_for_the_caller(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox, settings: Any, do: str
) -> None:
    connect(api)
    settings_()
    settings.OAUTH_APPS = {**settings.OAUTH_APPS, "google": ("ava-sandbox", "another-secret")}
    order = {"provider": "google", "do": do}
    requests.post(f"{sandbox.url}/_sandbox/oauth", json=order, timeout=5)
    said = ask("find_free_slots")["error"]
    assert said == tools.NO_CALENDAR


def test_a_time_that_clocks_show_twice_is_offered_with_its_offset(
    settings_: Any, ask: Any, settings: Any
) -> None:
    settings_(working_hours="00:00-24:00", duration=60)
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    with time_machine.travel(datetime(2026, 10, 20, 9, tzinfo=UTC), tick=True):
        said = ask("find_free_slots", **{"from": "2026-10-24T22:00"})["result"]
    assert "Sunday 25 October 02:00 (2026-10-25T02:00+02:00)" in said
    assert "(2026-10-24T22:00)" in said


def test_an_id_that_a_model_gives_twice_in_a_call_is_no_repetition(
    api: APIClient, settings_: Any, ask: Any
) -> None:
    connect(api)
    settings_()
    times = offered(ask, key="call_0")
    for start in times[:2]:
        assert "result" in ask("book_slot", key="call_0", start=start, name="Grace")
    assert CalendarEvent.objects.count() == 2


def test_what_a_call_has_booked_is_nothing_to_another_user(
    api: APIClient, settings_: Any, ask: Any, send: Any, stranger: User
) -> None:
    connect(api)
    settings_()
    first, second = offered(ask)[:2]
    ask("book_slot", key="call_2", start=first, name="Grace")
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    for start, former in ((first, ""), (second, first)):
        arguments = {"start": start, "name": "Eve", "instead_of": former}
        wish = {"id": "call_2", "function": {"name": "book_slot", "arguments": arguments}}
        body = payload("tool_calls", toolCallList=[wish])
        [found] = send(body, to=theirs, secret="their-own-secret").json()["results"]
        assert found["error"] == tools.NO_CALENDAR
    assert CalendarEvent.objects.get().status == "confirmed"
