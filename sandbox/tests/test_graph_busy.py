"""Microsoft's calendar: busy times, as schedules show them."""

from typing import Any

import pytest

from sandbox.tests.graph_client import GraphCalendar


def schedule(**changes: Any) -> dict[str, Any]:
    return {
        "Schedules": ["ada@brightside.example"],
        "StartTime": {"dateTime": "2026-01-06T08:00:00", "timeZone": "UTC"},
        "EndTime": {"dateTime": "2026-01-06T16:00:00", "timeZone": "UTC"},
        "AvailabilityViewInterval": 60,
        **changes,
    }


def test_schedules_show_what_is_taken(graph: GraphCalendar) -> None:
    graph.create(
        showAs="tentative",
        start={"dateTime": "2026-01-06T12:30:00", "timeZone": "UTC"},
        end={"dateTime": "2026-01-06T15:00:00", "timeZone": "UTC"},
    )
    names = ["ada@brightside.example", "grace@brightside.example", "x@brightside.example"]
    found = graph.held("POST", "calendar/getSchedule", json=schedule(Schedules=names))["value"]
    assert [one["scheduleId"] for one in found] == names
    mine, hers, nobodys = found
    assert mine["availabilityView"] == "20001210"
    standup, call, dentist = mine["scheduleItems"]
    assert standup["start"] == {"dateTime": "2026-01-06T08:30:00.0000000", "timeZone": "UTC"}
    assert (standup["isRecurring"], call["status"]) == (True, "tentative")
    assert (dentist["subject"], dentist["isPrivate"]) == ("Dentist", True)
    assert mine["workingHours"]["timeZone"] == {"name": "W. Europe Standard Time"}
    assert all(set(one) == {"status", "start", "end"} for one in hers["scheduleItems"])
    assert nobodys["error"]["responseCode"] == "ErrorMailRecipientNotFound"


def test_whole_days_are_those_of_the_mailbox(graph: GraphCalendar) -> None:
    asked = schedule(
        StartTime={"dateTime": "2026-12-23T22:00:00", "timeZone": "UTC"},
        EndTime={"dateTime": "2026-12-24T00:00:00", "timeZone": "UTC"},
    )
    (found,) = graph.held("POST", "calendar/getSchedule", json=asked)["value"]
    assert found["availabilityView"] == "03"


@pytest.mark.parametrize(
    "changes",
    [
        {"Schedules": None},
        {"StartTime": None},
        {"EndTime": {"dateTime": "2026-01-06T08:00:00", "timeZone": "UTC"}},
        {"AvailabilityViewInterval": 4},
    ],
)
def test_a_question_for_schedules_that_makes_no_sense_is_refused(
    graph: GraphCalendar, changes: dict[str, Any]
) -> None:
    answer = graph.ask("POST", "calendar/getSchedule", json=schedule(**changes))
    assert answer.status_code == 400


def test_a_window_for_schedules_has_a_limit(graph: GraphCalendar) -> None:
    asked = schedule(EndTime={"dateTime": "2026-06-06T08:00:00", "timeZone": "UTC"})
    (found,) = graph.held("POST", "calendar/getSchedule", json=asked)["value"]
    assert found["error"]["responseCode"] == "ErrorTimeIntervalTooBig"
