"""Google's calendar API: which scope opens what, and for whose calendar.

https://developers.google.com/workspace/calendar/api/v3/reference
"""

import json
import re
from typing import Any
from urllib.parse import unquote

from sandbox.calendars.store import Calendar, EventEffects, Fields
from sandbox.clock import START
from sandbox.data import read_json
from sandbox.google import events
from sandbox.google.bodies import kept_fields, own_id, timing_of
from sandbox.google.errors import RefusedError
from sandbox.google.free_busy import free_busy
from sandbox.google.oauth import ACCOUNTS, API
from sandbox.google.resources import calendar_resource, list_entry
from sandbox.oauth.grants import Token
from sandbox.wire import Answer, Request, json_answer

BASE = "/calendar/v3/"
ZONES = ("Europe/Berlin", "America/New_York")

# By the last part of their names, as the API's discovery document lists them.
_WRITE = ("calendar", "calendar.events", "calendar.events.owned")
_READ = (
    *_WRITE,
    "calendar.readonly",
    "calendar.events.readonly",
    "calendar.events.owned.readonly",
    "calendar.events.freebusy",
)
_FREE_BUSY = ("calendar", "calendar.readonly", "calendar.freebusy", "calendar.events.freebusy")
_CALENDARS = ("calendar", "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly")
_LIST = (
    "calendar",
    "calendar.readonly",
    "calendar.calendarlist",
    "calendar.calendarlist.readonly",
)


class Calendars:
    """The primary calendar of each account."""

    def __init__(self, effects: EventEffects) -> None:
        self._effects = effects
        self.reset()

    def reset(self) -> None:
        """Back to the seed data."""
        self._calendars = {
            account.email: _seeded(Calendar(account, zone_name))
            for account, zone_name in zip(ACCOUNTS, ZONES, strict=True)
        }

    def answer(self, request: Request, token: Token) -> Answer:
        """Do what the request asks. Raises: RefusedError."""
        method = "GET" if request.method == "HEAD" else request.method
        path, query = request.path.removeprefix(BASE), dict(request.query)
        mine = self._calendars[token.grant.account.email]
        match method, path:
            case "POST", "freeBusy":
                _need(token, _FREE_BUSY)
                found = free_busy(lambda name: self._of(mine, name), _body(request))
                return json_answer(200, found)
            case "GET", "users/me/calendarList":
                _need(token, _LIST)
                listed = {"kind": "calendar#calendarList", "items": [list_entry(mine)]}
                return json_answer(200, {**listed, "etag": '"sandbox-list"'})
        route = re.fullmatch(r"calendars/([^/]+)(/events)?(?:/([^/]+))?", path)
        if route is None:
            raise RefusedError(404, "notFound", "Not Found")
        name, has_events, event_id = (unquote(part or "") for part in route.groups())
        _need(token, (_READ if method == "GET" else _WRITE) if has_events else _CALENDARS)
        calendar = self._of(mine, name)
        if calendar is None or (event_id and not has_events):
            raise RefusedError(404, "notFound", "Not Found")
        match method, bool(has_events), bool(event_id):
            case "GET", False, False:
                return json_answer(200, calendar_resource(calendar))
            case "GET", True, False:
                return json_answer(200, events.list_events(calendar, query))
            case "POST", True, False:
                return json_answer(200, events.insert(calendar, self._effects, _body(request)))
            case "GET", True, True:
                return json_answer(200, events.get(calendar, event_id, query))
            case "PATCH", True, True:
                return json_answer(200, events.patch(calendar, event_id, _body(request)))
            case "DELETE", True, True:
                events.delete(calendar, self._effects, event_id)
                return Answer(204)
        raise RefusedError(404, "notFound", "Not Found")

    def _of(self, mine: Calendar, name: str) -> Calendar | None:
        """The person's own calendar; none is shared here."""
        return mine if name in ("primary", mine.account.email) else None


def _seeded(calendar: Calendar) -> Calendar:
    for body in read_json("sandbox.google", "events.json"):
        fields = kept_fields(body)
        calendar.add(str(own_id(body)), timing_of(fields, calendar.zone_name), fields, START)
    return calendar


def _need(token: Token, scopes: tuple[str, ...]) -> None:
    """Raises: RefusedError without any of the scopes."""
    if not {API + scope for scope in scopes} & set(token.scopes):
        raise RefusedError(403, "insufficientPermissions", "Insufficient Permission")


def _body(request: Request) -> Fields:
    try:
        body: Any = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "parseError", "Parse Error")
    return body
