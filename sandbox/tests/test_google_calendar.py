"""Google's calendar: what is answered, always held against the discovery document."""

from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.google_client import WEEK, GoogleCalendar, error, event_body
from sandbox.tests.google_spec import GoogleDocument


def starts(items: list[dict[str, Any]]) -> list[str]:
    return [one["start"].get("dateTime") or one["start"]["date"] for one in items]


def test_a_window_shows_series_expanded_and_single_events(google: GoogleCalendar) -> None:
    items = google.window(*WEEK)
    assert [(one["summary"], one["start"].get("dateTime", "")[:16]) for one in items] == [
        ("Stand-up", "2026-01-05T09:30"),
        ("Stand-up", "2026-01-06T09:30"),
        ("Dentist", "2026-01-06T14:00"),
        ("Stand-up", "2026-01-08T09:30"),
        ("Focus day", ""),
        ("Stand-up", "2026-01-09T09:30"),
        ("Night shift", "2026-01-10T22:00"),
    ]
    first = items[0]
    assert first["start"] == {
        "dateTime": "2026-01-05T09:30:00+01:00",
        "timeZone": "Europe/Berlin",
    }
    assert first["recurringEventId"] == "seed0standup"
    assert first["id"] == "seed0standup_20260105T083000Z"
    assert "recurrence" not in first
    assert items[4]["start"] == {"date": "2026-01-09"}
    assert items[4]["id"].endswith("_20260109")


def test_masters_are_listed_where_series_are_not_expanded(google: GoogleCalendar) -> None:
    found = google.events(timeMin=WEEK[0], timeMax=WEEK[1])
    assert (found["timeZone"], found["summary"]) == ("Europe/Berlin", "ada@example.com")
    assert {one["id"] for one in found["items"]} == {
        "seed0standup",
        "seed0night",
        "seed0focus",
        "seed0clinic",
    }
    assert found["items"][0]["recurrence"][0].startswith("RRULE:")


def test_another_time_zone_shows_the_same_moments(google: GoogleCalendar) -> None:
    (dentist,) = google.window(*WEEK, timeZone="America/New_York", q="dentist")
    assert dentist["start"]["dateTime"] == "2026-01-06T08:00:00-05:00"
    assert google.events(timeZone="UTC", q="dentist")["items"][0]["start"]["dateTime"].endswith("Z")


def test_a_series_keeps_its_clock_time_over_the_change_of_clocks(google: GoogleCalendar) -> None:
    items = google.window("2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z")
    assert starts(items) == [
        "2026-03-27",
        "2026-03-27T09:30:00+01:00",
        "2026-03-28T22:00:00+01:00",
        "2026-03-29T01:30:00+01:00",
        "2026-03-30T09:30:00+02:00",
    ]
    night = items[2]["end"]["dateTime"]
    assert night == "2026-03-29T06:00:00+02:00"
    autumn = google.window("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", q="clocks")
    assert (autumn[0]["start"]["dateTime"], autumn[0]["end"]["dateTime"]) == (
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    )


def test_a_window_holds_what_overlaps_it_and_nothing_that_touches(google: GoogleCalendar) -> None:
    inside = google.window("2026-01-06T13:30:00Z", "2026-01-06T13:40:00Z")
    assert [one["summary"] for one in inside] == ["Dentist"]
    assert google.window("2026-01-06T14:00:00Z", "2026-01-06T15:00:00Z") == []
    assert google.window("2026-01-06T12:00:00Z", "2026-01-06T13:00:00Z") == []


def test_pages_put_together_are_the_whole(google: GoogleCalendar) -> None:
    whole = google.window(*WEEK)
    found: list[Any] = []
    query: dict[str, Any] = {}
    sizes = []
    while True:
        page = google.events(
            timeMin=WEEK[0],
            timeMax=WEEK[1],
            singleEvents="true",
            orderBy="startTime",
            maxResults=3,
            **query,
        )
        found += page["items"]
        sizes.append(len(page["items"]))
        if "nextPageToken" not in page:
            assert "nextSyncToken" in page
            break
        query = {"pageToken": page["nextPageToken"]}
    assert found == whole
    assert sizes == [3, 3, 1]


def test_an_event_is_made_shown_and_deleted_once(google: GoogleCalendar, sandbox: Sandbox) -> None:
    guests = [{"email": "bob@example.org"}]
    made = google.insert(
        summary="Visit", location="Berlin", description="See you", attendees=guests
    )
    assert made["attendees"] == [{"email": "bob@example.org", "responseStatus": "needsAction"}]
    assert (made["status"], made["htmlLink"][:24]) == ("confirmed", "https://www.google.com/c")
    assert google.shown(made["id"]) == made
    (effect,) = sandbox.effects()["events"]
    assert effect["id"] == made["id"]
    assert (effect["provider"], effect["account"]) == ("google", "ada@example.com")
    assert (effect["title"], effect["attendees"]) == ("Visit", ["bob@example.org"])
    assert (effect["start"], effect["deleted_at"]) == ("2026-02-03T09:00:00.000Z", None)
    path = f"calendars/primary/events/{made['id']}"
    assert google.held("DELETE", path, params={"sendUpdates": "all"}) is None
    assert error(google.one(made["id"], "DELETE"))[:2] == (410, "deleted")
    assert google.one(made["id"]).json()["status"] == "cancelled"
    assert google.window("2026-02-03T00:00:00Z", "2026-02-03T12:00:00Z", q="visit") == []
    assert len(sandbox.effects()["events"]) == 1
    assert sandbox.effects()["events"][0]["deleted_at"]


def test_an_own_id_is_taken_once_even_after_a_deletion(
    google: GoogleCalendar, sandbox: Sandbox
) -> None:
    body = event_body(id="ava0123456789abcdef")
    assert google.insert(**body)["id"] == "ava0123456789abcdef"
    taken = (409, "duplicate", "The requested identifier already exists.")
    assert google.refused(body) == taken
    google.one(body["id"], "DELETE")
    assert google.refused(body) == taken
    assert len(sandbox.effects()["events"]) == 1


@pytest.mark.parametrize("wrong", ["abcd", "with-hyphen", "UPPER00000", "xyz00000", 12345])
def test_an_id_of_other_letters_is_refused(google: GoogleCalendar, wrong: Any) -> None:
    assert google.refused(event_body(id=wrong))[:2] == (400, "invalid")


def test_a_lost_answer_is_found_out_by_the_own_id(google: GoogleCalendar, sandbox: Sandbox) -> None:
    sandbox.faults.add("google", "status", status=503, when="after", count=1)
    body = event_body(id="lost00mail")
    assert error(google.ask("POST", "calendars/primary/events", json=body))[0] == 503
    assert google.refused(body)[0] == 409
    assert google.one("lost00mail").status_code == 200


def test_series_whole_days_and_zones_are_made(google: GoogleCalendar) -> None:
    series = google.insert(
        start={"dateTime": "2026-02-02T08:00:00", "timeZone": "America/New_York"},
        end={"dateTime": "2026-02-02T09:00:00", "timeZone": "America/New_York"},
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20260202T130000Z"],
    )
    items = google.window("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", q="call")
    assert starts(items) == ["2026-02-09T14:00:00+01:00"]
    assert items[0]["start"]["timeZone"] == "America/New_York"
    assert items[0]["id"] == f"{series['id']}_20260209T130000Z"
    day = google.insert(start={"date": "2026-02-04"}, end={"date": "2026-02-06"})
    assert day["end"] == {"date": "2026-02-06"}
    window = ("2026-02-05T22:30:00Z", "2026-02-05T23:30:00Z")
    assert [one["id"] for one in google.window(*window, q="call")] == [day["id"]]
    assert google.window("2026-02-05T23:00:00Z", "2026-02-06T07:00:00Z", q="call") == []


def test_an_instance_is_shown_and_taken_out_of_its_series(google: GoogleCalendar) -> None:
    instance = "seed0standup_20260108T083000Z"
    assert google.shown(instance)["originalStartTime"]["dateTime"] == "2026-01-08T09:30:00+01:00"
    assert google.one(instance, "DELETE").status_code == 204
    assert google.one(instance).status_code == 404
    assert len(google.window(*WEEK, q="stand-up")) == 3
    assert google.one("seed0standup_20260107T083000Z").status_code == 404


def test_an_event_is_changed(google: GoogleCalendar) -> None:
    made = google.insert()
    changed = google.held(
        "PATCH", f"calendars/primary/events/{made['id']}", json={"summary": "Other"}
    )
    assert (changed["summary"], changed["sequence"]) == ("Other", 1)
    assert changed["start"] == made["start"]
    assert changed["etag"] != made["etag"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"start": None}, "required"),
        ({"end": None}, "required"),
        ({"start": {}}, "required"),
        ({"start": {"dateTime": "2026-02-03T10:00:00"}}, "required"),
        ({"start": {"dateTime": "tomorrow", "timeZone": "UTC"}}, "badRequest"),
        ({"start": {"dateTime": "2026-02-03T10:00:00", "timeZone": "Mars"}}, "invalid"),
        ({"start": {"date": "2026-02-03"}}, "invalid"),
        ({"start": {"dateTime": "2026-02-03T12:00:00+01:00"}}, "timeRangeEmpty"),
        ({"start": {"date": "2026-02-03"}, "end": {"date": "2026-02-03"}}, "timeRangeEmpty"),
        ({"attendees": [{"email": "nobody"}]}, "invalid"),
        ({"attendees": {}}, "parseError"),
        ({"summary": 1}, "parseError"),
        ({"visibility": "secret"}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=WEEKLY"]}, "required"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(
    google: GoogleCalendar, sandbox: Sandbox, changes: dict[str, Any], reason: str
) -> None:
    assert google.refused(event_body(**changes))[:2] == (400, reason)
    assert sandbox.effects()["events"] == []


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ({"timeMin": "2026-01-05"}, 400, "badRequest"),
        ({"timeMin": "2026-01-05T00:00:00"}, 400, "badRequest"),
        ({"timeMin": WEEK[1], "timeMax": WEEK[0]}, 400, "timeRangeEmpty"),
        ({"orderBy": "startTime"}, 400, "badRequest"),
        ({"timeZone": "Mars"}, 400, "invalid"),
        ({"maxResults": "0"}, 400, "invalid"),
        ({"pageToken": "other"}, 400, "invalid"),
        ({"syncToken": "old"}, 410, "fullSyncRequired"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    google: GoogleCalendar, query: dict[str, str], status: int, reason: str
) -> None:
    answer = google.ask("GET", "calendars/primary/events", params=query)
    assert error(answer)[:2] == (status, reason)


def test_what_the_document_does_not_know_is_reported(google: GoogleCalendar) -> None:
    """The check itself, in every part that it looks at."""
    document = GoogleDocument(google.base)
    for path, options in (
        ("calendars/primary/events", {"params": {"timemin": WEEK[0]}}),
        ("calendars/primary/events", {"params": {"timeMin": "today"}}),
        ("calendars/primary/events", {"params": {"maxResults": 0}}),
        ("calendars/primary/event", {}),
        ("calendars/primary/events", {"json": {}}),
    ):
        answer = google.ask("GET", path, **options)
        with pytest.raises(AssertionError):
            document.check(answer)
    wrong = google.ask("POST", "calendars/primary/events", json=event_body(sumary="x"))
    with pytest.raises(AssertionError, match="sumary"):
        document.check(wrong)
    right = google.ask("GET", "calendars/primary/events")
    right._content = right.content.replace(b'"htmlLink"', b'"htmllink"')
    with pytest.raises(AssertionError, match="htmllink"):
        document.check(right)
