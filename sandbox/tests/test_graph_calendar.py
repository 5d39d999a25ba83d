"""Microsoft's calendar: what is answered, always held against the description of Graph."""

from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from sandbox.server import Sandbox
from sandbox.tests import graph_spec
from sandbox.tests.graph_client import BERLIN, WEEK, GraphCalendar, error, event_body
from sandbox.tests.rest_spec import Rest

NEW_YORK = {"Prefer": 'outlook.timezone="Eastern Standard Time"'}


def starts(items: list[dict[str, Any]]) -> list[str]:
    return [one["start"]["dateTime"][:16] for one in items]


def test_a_view_shows_series_expanded_and_single_events(graph: GraphCalendar) -> None:
    items = graph.view(*WEEK, headers=BERLIN)
    assert [(one["subject"], one["type"]) for one in items] == [
        ("Stand-up", "occurrence"),
        ("Stand-up", "occurrence"),
        ("Dentist", "singleInstance"),
        ("Stand-up", "occurrence"),
        ("Stand-up", "occurrence"),
        ("Focus day", "occurrence"),
        ("Stand-up", "occurrence"),
        ("Night shift", "occurrence"),
    ]
    assert items[0]["start"] == {
        "dateTime": "2026-01-05T09:30:00.0000000",
        "timeZone": "W. Europe Standard Time",
    }
    assert items[0]["seriesMasterId"] == items[1]["seriesMasterId"]
    assert items[0]["originalStartTimeZone"] == "W. Europe Standard Time"
    assert items[5]["start"]["dateTime"] == "2026-01-09T00:00:00.0000000"


def test_times_are_utc_unless_another_zone_is_preferred(graph: GraphCalendar) -> None:
    query = {"$filter": "subject eq 'Dentist'"}
    assert starts(graph.view(*WEEK, query=query)) == ["2026-01-06T13:00"]
    assert starts(graph.view(*WEEK, query=query, headers=NEW_YORK)) == ["2026-01-06T08:00"]
    iana = {"Prefer": 'outlook.timezone="Asia/Tokyo", outlook.body-content-type="text"'}
    answer = graph.ask("GET", "events", headers=iana)
    assert answer.headers["Preference-Applied"] == iana["Prefer"]
    assert answer.json()["value"][0]["start"]["timeZone"] == "Asia/Tokyo"
    wrong = graph.ask("GET", "events", headers={"Prefer": 'outlook.timezone="Mars"'})
    assert error(wrong) == (400, "TimeZoneNotSupportedException")


def test_a_series_keeps_its_clock_time_over_the_change_of_clocks(graph: GraphCalendar) -> None:
    items = graph.view("2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z")
    assert starts(items) == [
        "2026-03-27T00:00",
        "2026-03-27T08:30",
        "2026-03-28T21:00",
        "2026-03-29T00:30",
        "2026-03-30T07:30",
    ]
    assert items[2]["end"]["dateTime"][:16] == "2026-03-29T04:00"


def test_whole_days_begin_at_midnight_wherever_one_asks(graph: GraphCalendar) -> None:
    for headers in ({}, BERLIN, NEW_YORK):
        window = ("2026-12-24T12:00:00Z", "2026-12-24T13:00:00Z")
        (holiday,) = graph.view(*window, headers=headers)
        assert holiday["isAllDay"]
        assert holiday["start"]["dateTime"] == "2026-12-24T00:00:00.0000000"
        assert holiday["end"]["dateTime"] == "2026-12-28T00:00:00.0000000"


def test_pages_put_together_are_the_whole(graph: GraphCalendar, sandbox: Sandbox) -> None:
    whole = graph.view(*WEEK, query={"$top": "100"})
    assert graph.view(*WEEK, query={"$top": "3"}) == whole
    first = graph.held(
        "GET",
        "calendarView",
        params={
            "startDateTime": WEEK[0],
            "endDateTime": WEEK[1],
            "$top": 3,
            "$count": "true",
            "$select": "subject,start",
            "$orderby": "start/dateTime desc",
        },
    )
    assert (len(first["value"]), first["@odata.count"]) == (3, len(whole))
    assert starts(first["value"]) == starts(whole)[:-4:-1]
    assert set(first["value"][0]) == {"@odata.etag", "id", "subject", "start"}
    assert first["@odata.nextLink"].startswith(f"{sandbox.url}/microsoft/v1.0/me/calendarView?")
    assert graph.session.get(first["@odata.nextLink"]).json()["value"] != first["value"]
    month = graph.view("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    assert len(month) > 10


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("contains(subject,'STAND')", 5),
        ("startswith(subject, 'night')", 1),
        ("isAllDay eq true", 1),
        ("start/dateTime ge '2026-01-09' and showAs ne 'free'", 2),
        ("contains(subject,'it''s')", 0),
    ],
)
def test_a_view_is_filtered(graph: GraphCalendar, expression: str, count: int) -> None:
    assert len(graph.view(*WEEK, query={"$filter": expression})) == count


def test_an_event_is_made_shown_and_deleted_once(graph: GraphCalendar, sandbox: Sandbox) -> None:
    made = graph.create(
        headers=BERLIN,
        subject="Visit",
        body={"contentType": "text", "content": "See <you>"},
        location={"displayName": "Berlin"},
        attendees=[{"emailAddress": {"address": "bob@example.org"}, "type": "optional"}],
    )
    assert made["start"]["dateTime"] == "2026-02-03T10:00:00.0000000"
    assert made["location"]["displayName"] == "Berlin"
    assert made["attendees"][0]["emailAddress"]["address"] == "bob@example.org"
    assert made["body"]["content"] == "<html><body>See &lt;you&gt;</body></html>"
    shown = graph.held("GET", f"events/{made['id']}", headers=BERLIN)
    assert {name: shown[name] for name in made if name != "@odata.context"} == {
        name: made[name] for name in made if name != "@odata.context"
    }
    text = {"Prefer": 'outlook.body-content-type="text"'}
    assert graph.one(made["id"], headers=text).json()["body"]["content"] == "See <you>"
    (effect,) = sandbox.effects()["events"]
    assert (effect["provider"], effect["account"]) == ("microsoft", "ada@brightside.example")
    assert (effect["id"], effect["title"]) == (made["id"], "Visit")
    assert (effect["start"], effect["deleted_at"]) == ("2026-02-03T09:00:00.000Z", None)
    assert graph.held("DELETE", f"events/{made['id']}") is None
    for method in ("DELETE", "GET"):
        assert error(graph.one(made["id"], method)) == (404, "ErrorItemNotFound")
    assert sandbox.effects()["events"][0]["deleted_at"]


def test_the_same_transaction_gives_the_same_event(graph: GraphCalendar, sandbox: Sandbox) -> None:
    first = graph.create(transactionId="t-1")
    again = graph.create(transactionId="t-1", subject="Other")
    assert (again["id"], again["subject"]) == (first["id"], "Call")
    assert graph.create(transactionId="t-2")["id"] != first["id"]
    assert graph.create()["id"] != graph.create()["id"]
    assert len(sandbox.effects()["events"]) == 4


def test_a_lost_answer_is_found_out_by_the_transaction(
    graph: GraphCalendar, sandbox: Sandbox
) -> None:
    sandbox.faults.add("microsoft", "status", status=503, when="after", count=1)
    answer = graph.ask("POST", "events", json=event_body(transactionId="t-1"))
    assert error(answer) == (503, "ErrorServerBusy")
    made = graph.create(transactionId="t-1")
    assert [one["id"] for one in sandbox.effects()["events"]] == [made["id"]]


@pytest.mark.parametrize(
    ("pattern", "limits", "days"),
    [
        (
            {"type": "daily", "interval": 2},
            {"type": "numbered", "numberOfOccurrences": 3},
            ["03", "05", "07"],
        ),
        (
            {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday", "friday"]},
            {"type": "endDate", "endDate": "2026-02-13"},
            ["03", "06", "10", "13"],
        ),
        (
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 3},
            {"type": "noEnd"},
            ["03"],
        ),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"], "index": "first"},
            {"type": "noEnd"},
            ["03"],
        ),
        (
            {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 3, "month": 2},
            {"type": "noEnd"},
            ["03"],
        ),
        (
            {
                "type": "relativeYearly",
                "interval": 1,
                "daysOfWeek": ["monday", "tuesday"],
                "index": "last",
                "month": 2,
            },
            {"type": "noEnd"},
            ["24"],
        ),
    ],
)
def test_series_are_made_by_patterns(
    graph: GraphCalendar, pattern: Any, limits: Any, days: list[str]
) -> None:
    recurrence = {"pattern": pattern, "range": {"startDate": "2026-02-03", **limits}}
    made = graph.create(recurrence=recurrence)
    assert (made["type"], made["recurrence"]) == ("seriesMaster", recurrence)
    query = {"$filter": "subject eq 'Call'", "$top": "50"}
    items = graph.view("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", query=query)
    assert [start[8:10] for start in starts(items)] == days


def test_an_occurrence_is_shown_and_taken_out_of_its_series(graph: GraphCalendar) -> None:
    query = {"$filter": "subject eq 'Stand-up'"}
    first = graph.view(*WEEK, query=query)[0]
    shown = graph.held("GET", f"events/{first['id']}")
    assert (shown["start"], shown["type"]) == (first["start"], "occurrence")
    assert graph.held("GET", f"events/{first['seriesMasterId']}")["type"] == "seriesMaster"
    assert graph.one(first["id"], "DELETE").status_code == 204
    assert error(graph.one(first["id"])) == (404, "ErrorItemNotFound")
    assert len(graph.view(*WEEK, query=query)) == 4
    other = first["id"].replace("20260105", "20261399")
    assert error(graph.one(other))[0] == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start": None}, "ErrorPropertyValidationFailure"),
        ({"end": {}}, "ErrorPropertyValidationFailure"),
        ({"end": {"dateTime": "soon"}}, "RequestBodyRead"),
        (
            {"start": {"dateTime": "2026-02-03T10:00:00", "timeZone": "Mars"}},
            "TimeZoneNotSupportedException",
        ),
        (
            {"start": {"dateTime": "2026-02-03T12:00:00", "timeZone": "Europe/Berlin"}},
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        ({"isAllDay": True}, "ErrorInvalidRequest"),
        ({"attendees": [{"emailAddress": {"address": "nobody"}}]}, "ErrorInvalidRecipients"),
        ({"summary": "x"}, "RequestBodyRead"),
        ({"subject": 1}, "RequestBodyRead"),
        ({"showAs": "gone"}, "RequestBodyRead"),
        ({"recurrence": {"pattern": {}}}, "ErrorPropertyValidationFailure"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(
    graph: GraphCalendar, sandbox: Sandbox, changes: dict[str, Any], code: str
) -> None:
    assert error(graph.ask("POST", "events", json=event_body(**changes))) == (400, code)
    assert sandbox.effects()["events"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"startDateTime": None}, "ErrorInvalidParameter"),
        ({"endDateTime": "soon"}, "ErrorInvalidParameter"),
        ({"endDateTime": "2025-01-01T00:00:00Z"}, "ErrorInvalidParameter"),
        ({"endDateTime": "2036-01-01T00:00:00Z"}, "ErrorCalendarViewRangeTooBig"),
        ({"$top": "0"}, "ErrorInvalidUrlQuery"),
        ({"$skip": "x"}, "ErrorInvalidUrlQuery"),
        ({"$search": "x"}, "ErrorInvalidUrlQuery"),
        ({"$filter": "subject like 'x'"}, "ErrorInvalidUrlQueryFilter"),
        ({"$orderby": "title"}, "RequestBroker--ParseUri"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused(
    graph: GraphCalendar, query: dict[str, Any], code: str
) -> None:
    asked = {"startDateTime": WEEK[0], "endDateTime": WEEK[1], **query}
    asked = {name: value for name, value in asked.items() if value is not None}
    assert error(graph.ask("GET", "calendarView", params=asked)) == (400, code)


def test_what_the_description_does_not_know_is_reported(graph: GraphCalendar) -> None:
    """The check itself, in every part that it looks at."""
    rest = Rest(graph_spec.NAME, f"{graph.base}/v1.0")
    with pytest.raises(AssertionError):
        rest.check(graph.ask("GET", "events?$sort=x"))
    with pytest.raises(AssertionError):
        rest.check(graph.ask("GET", "event"))
    wrong = {"startDateTime": "today", "endDateTime": WEEK[1]}
    with pytest.raises(OpenAPIError):
        rest.check(graph.ask("GET", "calendarView", params=wrong))
    with pytest.raises(OpenAPIError):
        rest.check(graph.ask("POST", "events", json={"summary": "x"}))
    right = graph.ask("GET", "events")
    right._content = right.content.replace(b'"webLink"', b'"weblink"')
    with pytest.raises(OpenAPIError):
        rest.check(right)
    right._content = right.content.replace(b'"weblink"', b'"webLink"').replace(
        b'"recurrence":null', b'"recurrence":{}'
    )
    rest.check(right)
