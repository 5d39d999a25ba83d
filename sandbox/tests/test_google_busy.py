"""Google's calendar: busy times."""

from typing import Any

import pytest

from sandbox.tests.google_client import WEEK, GoogleCalendar, error


def test_busy_times_are_merged_within_the_window(google: GoogleCalendar) -> None:
    google.insert(
        start={"dateTime": "2026-01-06T12:30:00Z"}, end={"dateTime": "2026-01-06T13:00:00Z"}
    )
    body = {
        "timeMin": "2026-01-06T08:40:00Z",
        "timeMax": "2026-01-09T23:00:00Z",
        "timeZone": "Europe/Berlin",
        "items": [{"id": "primary"}, {"id": "other@example.com"}],
    }
    found = google.held("POST", "freeBusy", json=body)
    assert found["calendars"]["primary"]["busy"] == [
        {"start": "2026-01-06T09:40:00+01:00", "end": "2026-01-06T09:45:00+01:00"},
        {"start": "2026-01-06T13:30:00+01:00", "end": "2026-01-06T15:00:00+01:00"},
        {"start": "2026-01-08T09:30:00+01:00", "end": "2026-01-08T09:45:00+01:00"},
        {"start": "2026-01-09T09:30:00+01:00", "end": "2026-01-09T09:45:00+01:00"},
    ]
    assert found["calendars"]["other@example.com"]["errors"][0]["reason"] == "notFound"
    holidays = google.held(
        "POST",
        "freeBusy",
        json={**body, "timeMin": "2026-12-25T00:00:00Z", "timeMax": "2026-12-31T00:00:00Z"},
    )
    assert holidays["calendars"]["primary"]["busy"][0] == {
        "start": "2026-12-25T01:00:00+01:00",
        "end": "2026-12-28T00:00:00+01:00",
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timeMin": None}, "required"),
        ({"timeMax": "soon"}, "badRequest"),
        ({"timeMax": WEEK[0]}, "timeRangeEmpty"),
        ({"timeZone": "Mars"}, "invalid"),
        ({"items": [{"id": "primary"}] * 51}, "tooManyCalendarsRequested"),
    ],
)
def test_a_query_of_busy_times_that_makes_no_sense_is_refused(
    google: GoogleCalendar, changes: dict[str, Any], reason: str
) -> None:
    body = {"timeMin": WEEK[0], "timeMax": WEEK[1], "items": [{"id": "primary"}]} | changes
    assert error(google.ask("POST", "freeBusy", json=body))[:2] == (400, reason)
