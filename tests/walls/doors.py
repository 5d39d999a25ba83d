"""Every operation of the REST API, and how Eve tries it: Ada's IDs in path, query and body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.credentials.validation import mask
from tests.walls.tenants import ADAS, EVES
from tests.walls.world import KEY, OURS, PEOPLE, TRACE

SEARCHES = (
    "search={running_sid}",
    "search=planted",
    f"correlation_id={TRACE}",
    f"from=%2B{OURS[1:]}",
    f"to=%2B{PEOPLE['running'][1:]}",
    "owner=1",
    "user={user}",
    "limit=200",
    "account_sid={account_sid}",
)


MAIL = {"to": ["eve@example.com"], "subject": "x", "text": "x"}


@dataclass(frozen=True)
class Try:
    """One request of Eve's.

    Args:
        path: below /api/v1, with the names of Ada's IDs in braces; as are query and body.
        names: whether the path names something of Ada's: then there is no such thing for Eve.
    """

    path: str
    query: str = ""
    body: Any = None
    names: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def filled(self, ids: Mapping[str, str]) -> tuple[str, Any]:
        query = f"?{self.query.format_map(ids)}" if self.query else ""
        return self.path.format_map(ids) + query, _filled(self.body, ids)


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(below, ids) for name, below in value.items()}
    if isinstance(value, list):
        return [_filled(below, ids) for below in value]
    return value.format_map(ids) if isinstance(value, str) else value


def _searched(path: str) -> list[Try]:
    return [Try(path), *(Try(path, query) for query in SEARCHES)]


def _named(path: str, *names: str, body: Any = None) -> list[Try]:
    return [Try(path.replace("{}", f"{{{name}}}"), names=True, body=body) for name in names]


def _of_assistant(path: str, body: Any = None) -> list[Try]:
    return [Try(path, query, body) for query in ("", "assistant_id={assistant}")]


def _credentials(provider: str, values: Mapping[str, str]) -> dict[str, list[Try]]:
    path = f"/integrations/{provider}/credentials"
    route = path[1:]
    hers = "user={user}&account={vapi_account}"
    return {
        f"GET {route}": [Try(path), Try(path, hers)],
        f"PUT {route}": [Try(path, hers, dict(values)), Try(path, body={**values, "user": "1"})],
        f"DELETE {route}": [Try(path, hers)],
        f"POST {route}/verify": [Try(f"{path}/verify", hers)],
    }


CALLS = ("running", "lost", "guessed", "talking", "vapi_lost", "talked", "scheduled", "caller")
MESSAGES = ("sent", "text_lost", "text_guessed", "text_scheduled", "writer")
TO = {"to": PEOPLE["running"], "from": OURS}
SIDS = {"account_sid": ADAS.account_sid, "auth_token": EVES.auth_token}
IMPORT = {"number": OURS, "name": "x"}
SMTP = {
    "host": "127.0.0.1",
    "port": "9",
    "security": "starttls",
    "username": "eve",
    "password": "eve-own-password-0123456789",
    "from_email": "eve@example.com",
}

EVENT = {"title": "Talk", "start": "2026-12-15T10:00:00Z", "end": "2026-12-15T10:30:00Z"}

DOORS: dict[str, list[Try]] = {
    "GET integrations": _searched("/integrations"),
    "POST integrations/email/test": [
        Try("/integrations/email/test", body={"to": "x@example.com", "subject": "x", "text": "x"})
    ],
    "GET integrations/email/summaries": [Try("/integrations/email/summaries", "user={user}")],
    "PUT integrations/email/summaries": [
        Try(
            "/integrations/email/summaries",
            body={"user": "{user}", "enabled": True, "recipients": ["x@example.com"]},
        )
    ],
    "GET integrations/email/templates": [Try("/integrations/email/templates", "user={user}")],
    "GET integrations/email/templates/<str:name>": [
        Try("/integrations/email/templates/alarm", "user={user}")
    ],
    "GET integrations/email/suppressions": _searched("/integrations/email/suppressions"),
    "POST integrations/email/suppressions": [
        Try("/integrations/email/suppressions", body={"address": "planted-ada@example.com"})
    ],
    "DELETE integrations/email/suppressions/<path:address>": [
        Try("/integrations/email/suppressions/planted-ada@example.com"),
        Try("/integrations/email/suppressions/planted-ada@example.com", "user={user}"),
    ],
    "GET integrations/email/messages": _searched("/integrations/email/messages"),
    "POST integrations/email/messages": [
        Try("/integrations/email/messages", body=MAIL),
        Try("/integrations/email/messages", body=MAIL | {"id": "{mail}", "owner": "{user}"}),
    ],
    "GET integrations/email/messages/<uuid:mail_id>": _named(
        "/integrations/email/messages/{}", "mail"
    ),
    "GET integrations/calendar/<str:provider>/events": [
        Try("/integrations/calendar/google/events", "user={user}&from=2026-01-01T00:00:00Z")
    ],
    "GET integrations/calendar/<str:provider>/free-busy": [
        Try("/integrations/calendar/google/free-busy", "user={user}&from=2026-01-01T00:00:00Z")
    ],
    "GET integrations/calendar/<str:provider>/events/<str:event_id>": [
        Try("/integrations/calendar/google/events/planted"),
        Try("/integrations/calendar/google/events/planted", "user={user}"),
    ],
    "POST integrations/calendar/<str:provider>/events": [
        Try("/integrations/calendar/google/events", body=EVENT),
        Try("/integrations/calendar/google/events", body=EVENT | {"owner": "{user}"}),
    ],
    "DELETE integrations/calendar/<str:provider>/events/<str:event_id>": [
        Try("/integrations/calendar/google/events/planted"),
        Try("/integrations/calendar/google/events/planted", "user={user}"),
    ],
    "POST integrations/calendar/feed": [
        Try("/integrations/calendar/feed", body={"user": "{user}"}),
    ],
    "DELETE integrations/calendar/feed": [Try("/integrations/calendar/feed", "user={user}")],
    "GET integrations/calendar/<str:provider>": [
        Try("/integrations/calendar/google"),
        Try("/integrations/calendar/google", "user={user}"),
        *_named("/integrations/calendar/{}", "user"),
    ],
    "POST integrations/calendar/<str:provider>/connect": [
        Try("/integrations/calendar/google/connect", body={"user": "{user}"}),
        *_named("/integrations/calendar/{}/connect", "user"),
    ],
    "DELETE integrations/calendar/<str:provider>": [
        Try("/integrations/calendar/google", "user={user}"),
        *_named("/integrations/calendar/{}", "user"),
    ],
    **_credentials("vapi", {"api_key": mask(ADAS.api_key), "default_assistant_id": "{assistant}"}),
    **_credentials("twilio", SIDS),
    **_credentials("resend", {"api_key": "re_eve_0123456789", "from_email": "eve@example.com"}),
    **_credentials("smtp", SMTP),
    "GET integrations/<str:provider>/credentials": _named("/integrations/{}/credentials", "user"),
    "PUT integrations/<str:provider>/credentials": _named(
        "/integrations/{}/credentials", "vapi_account", body=SIDS
    ),
    "DELETE integrations/<str:provider>/credentials": _named(
        "/integrations/{}/credentials", "twilio_account"
    ),
    "POST integrations/<str:provider>/credentials/verify": _named(
        "/integrations/{}/credentials/verify", "twilio_account"
    ),
    "GET activity": [Try("/activity", "user={user}")],
    "GET activity/<str:correlation_id>": [Try(f"/activity/{TRACE}", "user={user}")],
    "GET vapi/booking-tool": [Try("/vapi/booking-tool", "user={user}")],
    "PUT vapi/booking-tool": [
        Try("/vapi/booking-tool", body={"user": "{user}", "calendar": "microsoft"})
    ],
    "GET vapi/booking-tool/installation": _of_assistant("/vapi/booking-tool/installation"),
    "PUT vapi/booking-tool/installation": _of_assistant("/vapi/booking-tool/installation"),
    "DELETE vapi/booking-tool/installation": _of_assistant("/vapi/booking-tool/installation"),
    "GET vapi/settings": _of_assistant("/vapi/settings"),
    "GET vapi/settings/<str:key>": _of_assistant("/vapi/settings/greeting_message"),
    "PUT vapi/settings/<str:key>": _of_assistant("/vapi/settings/greeting_message", {"value": "x"}),
    "GET vapi/settings/<str:key>/history": _of_assistant("/vapi/settings/greeting_message/history"),
    "POST vapi/settings/<str:key>/revert": _of_assistant(
        "/vapi/settings/greeting_message/revert", {"revision": 1}
    ),
    "GET vapi/assistants": _searched("/vapi/assistants"),
    "GET vapi/assistants/<str:assistant_id>": [Try("/vapi/assistants/{assistant}")],
    "GET vapi/phone-numbers": _searched("/vapi/phone-numbers"),
    "POST vapi/phone-numbers": [
        Try("/vapi/phone-numbers", body={"number": OURS, "name": "x", "replace_voice_url": True}),
        Try(
            "/vapi/phone-numbers", body={"number": OURS, "name": "x", "assistant_id": "{assistant}"}
        ),
    ],
    "GET twilio/numbers": [Try("/twilio/numbers", "account_sid={account_sid}")],
    "GET twilio/calls": _searched("/twilio/calls"),
    "POST twilio/calls": [
        Try("/twilio/calls", body={**TO, "say": "Hi"}),
        Try("/twilio/calls", body={**TO, "assistant_id": "{assistant}"}),
        Try("/twilio/calls", body={**TO, "say": "Hi", "id": "{running}", "owner": "{user}"}),
    ],
    "GET twilio/calls/<uuid:call_id>": _named("/twilio/calls/{}", *CALLS),
    "POST twilio/calls/<uuid:call_id>/hangup": _named("/twilio/calls/{}/hangup", *CALLS),
    "GET twilio/messages": _searched("/twilio/messages"),
    "POST twilio/messages": [
        Try("/twilio/messages", body={**TO, "body": "planted-ada sent"}),
        Try("/twilio/messages", body={**TO, "body": "x", "batch": "{batch}", "id": "{sent}"}),
    ],
    "GET twilio/messages/<uuid:message_id>": _named("/twilio/messages/{}", *MESSAGES),
    "POST twilio/messages/<uuid:message_id>/cancel": _named(
        "/twilio/messages/{}/cancel", *MESSAGES
    ),
    "GET twilio/opt-outs": _searched("/twilio/opt-outs"),
    "DELETE twilio/opt-outs/<str:number>": [
        Try(f"/twilio/opt-outs/{PEOPLE['stopped']}", "user={user}", names=True)
    ],
    "POST twilio/opt-outs": [
        Try("/twilio/opt-outs", body={"number": PEOPLE["stopped"], "holder": "{user}"})
    ],
    "GET twilio/messages/bulk": _searched("/twilio/messages/bulk"),
    "POST twilio/messages/bulk": [
        Try("/twilio/messages/bulk", body={"from": OURS, "body": "x", "recipients": [TO["to"]]})
    ],
    "GET twilio/messages/bulk/<uuid:batch_id>": _named("/twilio/messages/bulk/{}", "batch"),
    **{
        f"POST twilio/messages/bulk/<uuid:batch_id>/{action}": _named(
            f"/twilio/messages/bulk/{{}}/{action}", "batch"
        )
        for action in ("pause", "resume", "cancel")
    },
    # Last: these end her login.
    "POST auth/login": [
        Try("/auth/login", body={"identifier": "ada@example.com", "password": "x"})
    ],
    "POST auth/refresh": [Try("/auth/refresh", body={"refresh_token": "{running}"})],
    "GET auth/me": [Try("/auth/me", "user={user}")],
    "GET auth/tokens": _searched("/auth/tokens"),
    "POST auth/tokens": [
        Try(
            "/auth/tokens",
            body={"name": "x", "scope": "read", "user": "{user}", "id": "{api_token}"},
        )
    ],
    "DELETE auth/tokens/<uuid:token_id>": _named("/auth/tokens/{}", "api_token"),
    "POST auth/logout": [Try("/auth/logout", "user={user}")],
}


def area(operation: str) -> str:
    """Which part of the API an operation belongs to: the start of its path."""
    path = operation.partition(" ")[2]
    places = ("twilio/messages/bulk", "twilio/messages", "twilio/calls")
    return next((place for place in places if path.startswith(place)), path.split("/")[0])


AREAS = tuple(dict.fromkeys(map(area, DOORS)))
HEADERS = {"Idempotency-Key": KEY, "X-Correlation-ID": TRACE, "If-None-Match": "*"}
"""On each request: Ada's own."""

PAGES = {
    "favicon.ico": "a picture",
    "healthz": "says nothing",
    "oauth/<str:provider>/start": "the link is its user's, and one browser's",
    "oauth/<str:provider>/callback": "as that link",
    "calendar.ics": "whoever has its secret reads the feed",
    "readyz": "of AVA as a whole",
    "metrics": "for operators; no labels name anybody",
    "admin": "a redirect",
    "api/schema": "the same for all",
    "api/docs": "the same for all",
}
"""Addresses that know no tenant, and why."""
