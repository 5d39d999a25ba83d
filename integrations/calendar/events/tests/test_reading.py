"""Events and free time of connected calendars, over REST and against the sandbox."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from rest_framework.test import APIClient

from integrations.calendar.models import Connection
from integrations.calendar.tests.consent import connect
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db

BERLIN = {"time_zone": "Europe/Berlin"}
MEMBERS = {
    *("id", "title", "start", "end", "all_day", "time_zone", "location", "attendees"),
    *("status", "html_link"),
}


def events(api: APIClient, path: str, **query: str) -> Any:
    answer = api.get(f"{path}/events", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def titles(body: Any) -> list[str]:
    return [event["title"] for event in body["events"]]


def fault(sandbox: Sandbox, provider: str, **order: Any) -> None:
    order = {"provider": provider, **order}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5).ok


def test_a_week_is_listed_with_each_time_of_what_recurs(
    api: APIClient, connected: str, provider: str
) -> None:
    found = events(api, connected, **{"from": "2026-01-05", "to": "2026-01-10"}, **BERLIN)
    assert (found["provider"], found["status"], found["next"]) == (provider, "live", None)
    assert set(titles(found)) == {"Stand-up", "Dentist", "Focus day"}
    # One of Google's was taken out of its series.
    assert titles(found).count("Stand-up") == {"google": 4, "microsoft": 5}[provider]
    first = found["events"][0]
    assert set(first) == MEMBERS
    assert (first["start"], first["end"]) == ("2026-01-05T08:30:00Z", "2026-01-05T08:45:00Z")
    assert (first["time_zone"], first["location"]) == ("Europe/Berlin", "Room 2")
    assert first["status"] == "confirmed"


def test_a_whole_day_is_a_date_wherever_the_reader_is(api: APIClient, connected: str) -> None:
    window = {"from": "2026-12-25", "to": "2026-12-26", "search": "holidays"}
    for zone in ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"):
        [found] = events(api, connected, time_zone=zone, **window)["events"]
        assert found["all_day"] is True
        assert (found["start"], found["end"]) == ("2026-12-24", "2026-12-28")


def test_series_keep_to_local_clocks_across_a_change(api: APIClient, connected: str) -> None:
    window = {"from": "2026-03-27", "to": "2026-03-31", "search": "Stand-up"}
    found = events(api, connected, **window)
    assert [one["start"] for one in found["events"]] == [
        "2026-03-27T08:30:00Z",
        "2026-03-30T07:30:00Z",
    ]


def test_the_hour_that_comes_twice_is_one_hour_long(api: APIClient, connected: str) -> None:
    window = {"from": "2026-10-25", "to": "2026-10-26", "search": "Clocks go back"}
    [found] = events(api, connected, **window, **BERLIN)["events"]
    assert (found["start"], found["end"]) == ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")


def test_pages_lead_through_all_events_once(api: APIClient, connected: str) -> None:
    window = {"from": "2026-01-05", "to": "2026-02-05"}
    whole = events(api, connected, **window, limit="250")
    seen, page = [], events(api, connected, **window, limit="7")
    while True:
        assert len(page["events"]) <= 7
        seen += page["events"]
        if page["next"] is None:
            break
        parts = urlsplit(page["next"])
        page = api.get(f"{parts.path}?{parts.query}").json()
    assert seen == whole["events"]
    assert len(seen) > 20


def test_a_cursor_of_ones_own_making_is_refused(api: APIClient, connected: str) -> None:
    answer = api.get(f"{connected}/events", {"cursor": "$skip=-1"})
    assert answer.status_code in (200, 400)
    for cursor in ("nonsense", "$skiptoken=nonsense"):
        answer = api.get(f"{connected}/events", {"cursor": cursor})
        assert answer.status_code in (200, 400), answer.content


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-02", "to": "2026-01-02"}, "to"),
        ({"from": "2026-01-01", "to": "2027-06-01"}, "to"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"from": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin"}, "from"),
        ({"from": "2026-10-25T02:30:00", "time_zone": "Europe/Berlin"}, "from"),
        ({"limit": "0"}, "limit"),
    ],
)
def test_a_window_that_is_none_is_explained(
    api: APIClient, sandbox: Sandbox, query: dict[str, str], field: str
) -> None:
    answer = api.get("/api/v1/integrations/calendar/google/events", query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_plus_that_was_not_escaped_is_understood(api: APIClient, connected: str) -> None:
    window = "from=2026-12-14T09:00:00+01:00&to=2026-12-14T17:00:00+01:00"
    assert api.get(f"{connected}/events?{window}").status_code == 200
    assert api.get(f"{connected}/free-busy?{window}").status_code == 200


def test_free_and_busy_times_follow_working_hours(api: APIClient, connected: str) -> None:
    query = {"from": "2026-01-06", "to": "2026-01-07", "duration": "2h", **BERLIN}
    answer = api.get(f"{connected}/free-busy", {**query, "working_hours": "09:00-17:00"})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["busy"] == [
        {"start": "2026-01-06T08:30:00Z", "end": "2026-01-06T08:45:00Z"},
        {"start": "2026-01-06T13:00:00Z", "end": "2026-01-06T14:00:00Z"},
    ]
    # 9:45 and 11:45 on Berlin's clocks, and 15:00 after the dentist.
    assert [one["start"] for one in body["free"]] == [
        "2026-01-06T08:45:00Z",
        "2026-01-06T10:45:00Z",
        "2026-01-06T14:00:00Z",
    ]


def test_a_day_that_is_shown_as_free_is_free(api: APIClient, connected: str) -> None:
    query = {"from": "2026-01-09T10:00:00Z", "to": "2026-01-09T12:00:00Z"}
    assert api.get(f"{connected}/free-busy", query).json()["busy"] == []


def test_a_token_that_ended_early_is_renewed_on_the_way(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str
) -> None:
    order = {"provider": provider, "do": "expire"}
    assert requests.post(f"{sandbox.url}/_sandbox/oauth", json=order, timeout=5).ok
    window = {"from": "2026-01-05", "to": "2026-01-06"}
    assert titles(events(api, connected, **window)) == ["Stand-up"]


def test_access_that_was_revoked_says_to_reconnect(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str
) -> None:
    order = {"provider": provider, "do": "revoke"}
    assert requests.post(f"{sandbox.url}/_sandbox/oauth", json=order, timeout=5).ok
    for _ in range(2):
        answer = api.get(f"{connected}/events")
        assert answer.status_code == 409
        assert answer.json()["code"] == "reconnect_required"
        assert answer.json()["detail"].startswith("Reconnect ")
    assert Connection.objects.get().state == "reconnect"


FAILED = "Connection to {} failed. Please try again later."


@pytest.mark.parametrize(
    ("order", "status", "detail"),
    [
        (
            {"kind": "status", "status": 500},
            502,
            "Connection to {} failed. Please try again later.",
        ),
        (
            {"kind": "status", "status": 429},
            429,
            "Too many requests to {}. Please try again in a moment.",
        ),
        ({"kind": "garbage"}, 502, FAILED),
        ({"kind": "reset"}, 502, FAILED),
    ],
)
def test_a_provider_that_fails_is_named(
    api: APIClient,
    connected: str,
    sandbox: Sandbox,
    provider: str,
    order: dict[str, Any],
    status: int,
    detail: str,
) -> None:
    fault(sandbox, provider, **order)
    answer = api.get(f"{connected}/events")
    name = {"google": "Google Calendar", "microsoft": "Microsoft 365"}[provider]
    assert (answer.status_code, answer.json()["detail"]) == (status, detail.format(name))


def test_a_stranger_sees_none_of_it(
    strangers_api: APIClient, connected: str, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    for path in ("events", "free-busy"):
        answer = strangers_api.get(f"{connected}/{path}")
        assert answer.status_code == 403
        assert "Please complete OAuth setup for calendar access." in answer.json()["detail"]


def test_an_outage_of_one_calendar_leaves_the_other_alone(
    api: APIClient, connected: str, sandbox: Sandbox, provider: str, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    other = {"google": "microsoft", "microsoft": "google"}[provider]
    connect(api, other)
    fault(sandbox, provider, kind="status", status=503)
    answers = [api.get(f"{connected}/events") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [502, 502, 502, 503]
    assert answers[-1].headers["Retry-After"]
    for what in ("events", "free-busy"):
        path = f"/api/v1/integrations/calendar/{other}/{what}"
        assert api.get(path).status_code == 200
