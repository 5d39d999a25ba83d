"""Google's calendar: what is answered, always held against the discovery document."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.google_client import GoogleCalendar, error, event_body
from sandbox.tests.google_spec import GoogleDocument, documented_scopes
from sandbox.tests.oauth_flow import API

WEEK = ("2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z")


@pytest.fixture
def google(sandbox: Sandbox) -> Iterator[GoogleCalendar]:
    with GoogleCalendar(sandbox.url) as client:
        yield client


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


def test_the_calendar_and_the_list_of_calendars_are_shown(sandbox: Sandbox) -> None:
    with GoogleCalendar(sandbox.url, scope=f"{API}calendar.readonly") as google:
        assert google.held("GET", "calendars/primary")["timeZone"] == "Europe/Berlin"
        (entry,) = google.held("GET", "users/me/calendarList")["items"]
        assert (entry["id"], entry["primary"]) == ("ada@example.com", True)
        assert google.events()["items"]
        assert google.refused(event_body())[:2] == (403, "insufficientPermissions")


def test_a_scope_that_was_not_granted_opens_nothing(sandbox: Sandbox) -> None:
    form = [("decision", "allow"), ("chooses", "scopes"), ("scope", f"{API}calendar.freebusy")]
    with GoogleCalendar(sandbox.url, form=form) as google:
        for method in ("GET", "POST"):
            answer = google.ask(method, "calendars/primary/events", json=event_body())
            assert error(answer)[:2] == (403, "insufficientPermissions")
        window = {"timeMin": WEEK[0], "timeMax": WEEK[1], "items": []}
        google.held("POST", "freeBusy", json=window)


def test_each_account_has_its_own_calendar(google: GoogleCalendar, sandbox: Sandbox) -> None:
    made = google.insert()
    with GoogleCalendar(sandbox.url, login_hint="grace@example.com") as grace:
        assert error(grace.one(made["id"]))[:2] == (404, "notFound")
        assert grace.events()["timeZone"] == "America/New_York"
        other = grace.ask("GET", "calendars/ada@example.com/events")
        assert error(other)[:2] == (404, "notFound")
    assert google.held("GET", "calendars/ada%40example.com/events")["items"]


def test_no_token_and_a_dead_one_are_refused(google: GoogleCalendar, control: Client) -> None:
    control.post("/oauth", {"provider": "google", "do": "expire"})
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer ya29.other"}):
        answer = google.ask("GET", "calendars/primary/events", headers=headers)
        assert error(answer) == (401, "authError", "Invalid Credentials")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "calendars"),
        ("GET", "calendars/primary/acl"),
        ("PUT", "calendars/primary/events/seed0standup"),
        ("GET", "calendars/primary/events/nothing"),
        ("DELETE", "calendars/primary/events/seed0standup_20260101"),
        ("DELETE", "calendars/primary/events/seed0clinic_20260106T130000Z"),
        ("GET", "colors"),
    ],
)
def test_what_is_not_played_is_not_found(sandbox: Sandbox, method: str, path: str) -> None:
    with GoogleCalendar(sandbox.url, scope=f"{API}calendar") as google:
        assert error(google.ask(method, path))[:2] == (404, "notFound")


def test_a_body_that_is_no_object_is_refused(google: GoogleCalendar) -> None:
    for body in (b"{", b"[]", b"1"):
        answer = google.ask("POST", "calendars/primary/events", data=body)
        assert error(answer)[:2] == (400, "parseError")


def test_a_reset_brings_the_seed_back(sandbox: Sandbox) -> None:
    with GoogleCalendar(sandbox.url) as google:
        before = google.events()
        google.insert()
        google.one("seed0standup", "DELETE")
    sandbox.reset()
    with GoogleCalendar(sandbox.url) as google:
        assert google.events() == before
    assert sandbox.effects()["events"] == []


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


OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "calendar.events.list": ("GET", "calendars/primary/events", None),
    "calendar.events.get": ("GET", "calendars/primary/events/seed0clinic", None),
    "calendar.events.insert": ("POST", "calendars/primary/events", event_body()),
    "calendar.events.patch": ("PATCH", "calendars/primary/events/seed0night", {"summary": "x"}),
    "calendar.events.delete": ("DELETE", "calendars/primary/events/seed0focus", None),
    "calendar.freebusy.query": (
        "POST",
        "freeBusy",
        {"timeMin": WEEK[0], "timeMax": WEEK[1], "items": []},
    ),
    "calendar.calendars.get": ("GET", "calendars/primary", None),
    "calendar.calendarList.list": ("GET", "users/me/calendarList", None),
}
# They open secondary and public calendars only, and the one that is played is neither.
ELSEWHERE = {f"{API}calendar.app.created", f"{API}calendar.events.public.readonly"}


def test_each_scope_opens_what_the_document_says(sandbox: Sandbox) -> None:
    scopes = documented_scopes()
    assert set(OPERATIONS) <= {operation for some in scopes.values() for operation in some}
    for scope, opened in scopes.items():
        sandbox.reset()
        with GoogleCalendar(sandbox.url, scope=scope) as google:
            found = {
                name
                for name, (method, path, body) in OPERATIONS.items()
                if google.ask(method, path, json=body).status_code != 403
            }
        expected = set() if scope in ELSEWHERE else opened & set(OPERATIONS)
        assert found == expected, scope
