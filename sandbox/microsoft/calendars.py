"""Graph's calendar: which scope opens what, and for whose calendar.

https://learn.microsoft.com/en-us/graph/api/resources/calendar
"""

import json
import re
from typing import Any
from urllib.parse import unquote

from sandbox.calendars.store import Calendar, EventEffects, Fields
from sandbox.clock import START
from sandbox.data import read_json
from sandbox.microsoft import events
from sandbox.microsoft.bodies import kept_fields, timing_of
from sandbox.microsoft.errors import RefusedError
from sandbox.microsoft.oauth import ACCOUNTS
from sandbox.microsoft.odata import CONTEXT, page, selected
from sandbox.microsoft.resources import (
    Preferences,
    calendar_resource,
    read_preferences,
)
from sandbox.microsoft.schedule import schedules
from sandbox.oauth.grants import Token
from sandbox.wire import Answer, Request, json_answer

ZONES = ("W. Europe Standard Time", "Eastern Standard Time")
WRITE = ("Calendars.ReadWrite", "Calendars.ReadWrite.Shared")
READ = (*WRITE, "Calendars.Read", "Calendars.Read.Shared", "Calendars.ReadBasic")

_ME = "/v1.0/me/"
_EVENT = re.compile(r"(?:calendar/)?events/(?P<event>[^/]+)")


class Calendars:
    """The calendar of each account."""

    def __init__(self, effects: EventEffects) -> None:
        self._effects = effects
        self.reset()

    def reset(self) -> None:
        """Back to the seed data."""
        self._calendars = {
            account.email: _seeded(Calendar(account, zone_name))
            for account, zone_name in zip(ACCOUNTS, ZONES, strict=True)
        }

    def answer(self, request: Request, token: Token) -> Answer | None:
        """Do what the request asks; None where it is not about calendars. Raises: RefusedError."""
        path = request.path.removeprefix(_ME)
        method = "GET" if request.method == "HEAD" else request.method
        calendar = self._calendars[token.grant.account.email]
        prefer = read_preferences(request.headers.get("prefer", ""))
        query, here = dict(request.query), _address(request)
        owner = f"users('{calendar.account.id}')"
        found: Any
        match method, path.removeprefix("calendar/"):
            case "GET", "calendarView":
                need(token, READ)
                items = events.calendar_view(calendar, query, prefer)
                found = page(items, query, here, f"{owner}/calendarView")
            case "GET", "events":
                need(token, READ)
                items = events.all_events(calendar, prefer)
                found = page(items, query, here, f"{owner}/events")
            case "POST", "events":
                need(token, WRITE)
                made = events.create(calendar, self._effects, _body(request), prefer)
                context = f"{CONTEXT}#{owner}/events/$entity"
                whole = {"@odata.context": context, **made}
                return json_answer(201, whole, prefer.applied())
            case "GET", "calendars":
                need(token, READ)
                found = page([calendar_resource(calendar)], query, here, f"{owner}/calendars")
            case "GET", "calendar":
                need(token, READ)
                context = f"{CONTEXT}#{owner}/calendar/$entity"
                found = {"@odata.context": context, **calendar_resource(calendar)}
            case "POST", "getSchedule" if path.startswith("calendar/"):
                need(token, READ)
                rows = schedules(self._calendars, calendar, _body(request), prefer)
                kind = "Collection(microsoft.graph.scheduleInformation)"
                found = {"@odata.context": f"{CONTEXT}#{kind}", "value": rows}
            case _:
                return self._on_event(method, path, query, token, calendar, prefer)
        return json_answer(200, found, prefer.applied())

    def _on_event(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        token: Token,
        calendar: Calendar,
        prefer: Preferences,
    ) -> Answer | None:
        route = _EVENT.fullmatch(path)
        if route is None or method not in ("GET", "DELETE"):
            return None
        event_id = unquote(route["event"])
        if method == "DELETE":
            need(token, WRITE)
            events.delete(calendar, self._effects, event_id)
            return Answer(204)
        need(token, READ)
        (shown,) = selected([events.get(calendar, event_id, prefer)], query)
        context = f"{CONTEXT}#users('{calendar.account.id}')/events/$entity"
        return json_answer(200, {"@odata.context": context, **shown}, prefer.applied())


def need(token: Token, scopes: tuple[str, ...]) -> None:
    """Raises: RefusedError without any of the scopes."""
    if not set(scopes) & set(token.scopes):
        raise RefusedError(403)


def _seeded(calendar: Calendar) -> Calendar:
    for place, body in enumerate(read_json("sandbox.microsoft", "events.json"), 1):
        fields = kept_fields(body)
        event_id = f"AAMkAD{place:032x}AAA="
        calendar.add(event_id, timing_of(fields), fields, START)
    return calendar


def _address(request: Request) -> str:
    return f"http://{request.headers.get('host', 'localhost')}/microsoft{request.path}"


def _body(request: Request) -> Fields:
    try:
        body: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "BadRequest", "Unable to read JSON request payload.")
    return body
