"""Microsoft's calendar: what each scope opens, and what is answered without one."""

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.graph_client import WEEK, GraphCalendar, error, event_body


def test_the_calendar_and_the_person_are_shown(graph: GraphCalendar) -> None:
    calendar = graph.held("GET", "calendar")
    (listed,) = graph.held("GET", "calendars")["value"]
    assert (
        calendar["owner"]
        == listed["owner"]
        == {
            "name": "Ada Lovelace",
            "address": "ada@brightside.example",
        }
    )
    assert graph.get("/v1.0/me").json()["mail"] == "ada@brightside.example"


def test_a_scope_that_was_not_granted_opens_nothing(sandbox: Sandbox) -> None:
    with GraphCalendar(sandbox.url, scope="Calendars.Read") as graph:
        assert graph.view(*WEEK)
        answer = graph.ask("POST", "events", json=event_body())
        assert error(answer) == (403, "ErrorAccessDenied")
        event_id = graph.view(*WEEK)[0]["id"]
        assert error(graph.one(event_id, "DELETE")) == (403, "ErrorAccessDenied")
        assert error(graph.get("/v1.0/me")) == (403, "ErrorAccessDenied")
    with GraphCalendar(sandbox.url, scope="User.Read") as graph:
        for path in ("events", "calendar", "calendars", f"events/{event_id}"):
            assert error(graph.ask("GET", path)) == (403, "ErrorAccessDenied")


def test_each_account_has_its_own_calendar(graph: GraphCalendar, sandbox: Sandbox) -> None:
    made = graph.create()
    with GraphCalendar(sandbox.url, login_hint="grace@brightside.example") as grace:
        assert error(grace.one(made["id"])) == (404, "ErrorItemNotFound")


def test_no_token_and_a_dead_one_are_refused(graph: GraphCalendar, control: Client) -> None:
    control.post("/oauth", {"provider": "microsoft", "do": "expire"})
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer EwB.other"}):
        answer = graph.ask("GET", "events", headers=headers)
        assert error(answer) == (401, "InvalidAuthenticationToken")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_is_not_played_is_not_found(graph: GraphCalendar) -> None:
    for method, path in (("GET", "messages"), ("PATCH", "events/x"), ("PUT", "events")):
        assert error(graph.ask(method, path)) == (404, "ResourceNotFound")


def test_a_body_that_is_no_object_is_refused(graph: GraphCalendar) -> None:
    for body in (b"", b"{", b"[]"):
        assert error(graph.ask("POST", "events", data=body)) == (400, "BadRequest")


def test_a_reset_brings_the_seed_back(sandbox: Sandbox) -> None:
    with GraphCalendar(sandbox.url) as graph:
        before = graph.view(*WEEK)
        graph.create()
        graph.one(before[0]["seriesMasterId"], "DELETE")
    sandbox.reset()
    with GraphCalendar(sandbox.url) as graph:
        assert graph.view(*WEEK) == before
