"""Every page of the console, and how Eve tries it: Ada's IDs in path, query and form."""

from tests.walls.doors import SEARCHES, TO, Try
from tests.walls.world import TRACE

FORM = {"to": TO["to"], "from_number": TO["from"], "user": "{user}"}
MANY = {**FORM, "recipients": TO["to"], "body": "x", "per_minute": "60"}
MAIL = {"template": "plain", "to": "x@example.com", "field-body": "x"}
EVENT = {"calendar": "google", "start_day": "2026-12-08", "user": "{user}"}
SHOWN = "shown=2020-01-01T00:00:00%2B00:00"


def _listed(path: str) -> list[Try]:
    """A list, searched for what is Ada's."""
    return [Try(path), Try(path, SHOWN), *(Try(path, query) for query in SEARCHES)]


ROOMS: dict[str, list[Try]] = {
    "": [Try("/"), Try("/", "user={user}")],
    "theme": [Try("/theme", body={"theme": "dark", "user": "{user}"})],
    "styleguide": [Try("/styleguide")],
    "login": [Try("/login", body={"username": "ada", "password": "x", "user": "{user}"})],
    "logout": [Try("/logout", body={"user": "{user}"})],
    "calls": _listed("/calls"),
    "calls/charts": [
        Try("/calls/charts", "user={user}&days=90"),
        *(Try("/calls/charts", f"csv={name}") for name in ("days", "assistants", "numbers")),
    ],
    "calls/new": [
        Try(
            "/calls/new",
            "to={running_sid}",
            {**FORM, "what": "say", "say": "x", "key": "{running}"},
        )
    ],
    "calls/<uuid:call_id>": [Try("/calls/{running}", names=True)],
    "calls/<uuid:call_id>/events": [Try("/calls/{running}/events", names=True)],
    "calls/<uuid:call_id>/hangup": [Try("/calls/{running}/hangup", names=True)],
    "messages": _listed("/messages"),
    "messages/new": [
        Try("/messages/new", "to={running_sid}", {**FORM, "body": "x", "key": "{sent}"})
    ],
    "messages/bulk": [Try("/messages/bulk"), Try("/messages/bulk", "user={user}")],
    "messages/bulk/new": [
        Try("/messages/bulk/new", body={**MANY, "key": "{batch}"}),
        Try("/messages/bulk/new", body={**MANY, "send": "1", "looked_at": "x"}),
    ],
    "messages/bulk/<uuid:batch_id>": [Try("/messages/bulk/{batch}", names=True)],
    "messages/bulk/<uuid:batch_id>/pause": [Try("/messages/bulk/{batch}/pause", names=True)],
    "messages/bulk/<uuid:batch_id>/resume": [Try("/messages/bulk/{batch}/resume", names=True)],
    "messages/bulk/<uuid:batch_id>/cancel": [Try("/messages/bulk/{batch}/cancel", names=True)],
    "messages/opt-outs": [
        Try("/messages/opt-outs"),
        Try("/messages/opt-outs", "search=15&number={running_sid}"),
        Try("/messages/opt-outs", body={"number": TO["to"], "user": "{user}"}),
    ],
    "messages/opt-outs/end": [
        Try("/messages/opt-outs/end", body={"number": TO["to"], "user": "{user}"})
    ],
    "messages/with": _listed("/messages/with"),
    "messages/with/<path:number>": [
        Try(f"/messages/with/{TO['to']}"),
        Try(f"/messages/with/{TO['to']}", body={**FORM, "body": "x", "key": "{sent}"}),
    ],
    "messages/<uuid:message_id>": [Try("/messages/{sent}", names=True)],
    "messages/<uuid:message_id>/cancel": [Try("/messages/{text_scheduled}/cancel", names=True)],
    "mail": [*_listed("/mail"), Try("/mail", "recipient=x@example.com")],
    "mail/new": [Try("/mail/new", "to={user}", {**MAIL, "key": "{mail}"})],
    "mail/preview": [Try("/mail/preview", "of={mail}", {**MAIL, "user": "{user}"})],
    "mail/templates": [Try("/mail/templates", "user={user}")],
    "mail/templates/<slug:name>": [Try("/mail/templates/alarm", "user={user}")],
    "mail/templates/<slug:name>/html": [Try("/mail/templates/alarm/html", "user={user}")],
    "mail/suppressions": [
        *_listed("/mail/suppressions"),
        Try("/mail/suppressions", "user={user}", {"address": "x@example.com", "user": "{user}"}),
    ],
    "mail/suppressions/remove": [
        Try("/mail/suppressions/remove", "user={user}", {"address": "planted-ada@example.com"})
    ],
    "mail/suppressions/restore": [Try("/mail/suppressions/restore", "row={mail}&user={user}")],
    "mail/summaries": [
        Try("/mail/summaries", "user={user}"),
        Try("/mail/summaries", body={"user": "{user}", "recipients": "x@example.com"}),
    ],
    "mail/<uuid:mail_id>": [Try("/mail/{mail}", names=True)],
    "mail/<uuid:mail_id>/html": [Try("/mail/{mail}/html", names=True)],
    "mail/<uuid:mail_id>/again": [Try("/mail/{mail}/again", names=True)],
    "settings/password": [
        Try("/settings/password", "user={user}", {"old_password": "x", "user": "{user}"})
    ],
    "activity": _listed("/activity"),
    "activity/<str:correlation_id>": [Try(f"/activity/{TRACE}")],
    "settings": [Try("/settings"), Try("/settings", "user={user}")],
    "settings/calendar/<slug:provider>/connect": [
        Try("/settings/calendar/google/connect", body={"user": "{user}"})
    ],
    "settings/calendar/<slug:provider>/disconnect": [
        Try(
            "/settings/calendar/microsoft/disconnect",
            body={"user": "{user}", "typed": "Microsoft 365"},
        )
    ],
    "settings/providers": [
        Try("/settings/providers", "user={user}"),
        Try("/settings/providers", "csv=vapi-latency&user={user}"),
    ],
    "settings/keys/<slug:provider>": [
        Try("/settings/keys/vapi", "user={user}"),
        Try("/settings/keys/twilio", body={"user": "{user}", "account_sid": "x"}),
    ],
    "settings/keys/<slug:provider>/verify": [
        Try("/settings/keys/smtp/verify", body={"user": "{user}"})
    ],
    "settings/keys/<slug:provider>/delete": [
        Try("/settings/keys/smtp/delete", "user={user}"),
        Try("/settings/keys/smtp/delete", body={"user": "{user}", "typed": "SMTP"}),
    ],
    "settings/notifications": [
        Try("/settings/notifications", "user={user}", {"address": "x", "user": "{user}"})
    ],
    "settings/tokens": [Try("/settings/tokens", "user={user}", {"name": "x", "user": "{user}"})],
    "settings/tokens/<uuid:token_id>/revoke": [
        Try("/settings/tokens/{api_token}/revoke", names=True),
        Try("/settings/tokens/{api_token}/revoke", body={"typed": "script"}, names=True),
    ],
    "calendar": [Try("/calendar"), Try("/calendar", "whole=1&user={user}")],
    "calendar/events/new": [
        Try("/calendar/events/new", "user={user}", {"title": "x", "key": "{sent}", **EVENT})
    ],
    "calendar/events/<slug:provider>/<path:event_id>": [
        Try("/calendar/events/google/{event}", names=True),
        Try("/calendar/events/microsoft/{event}", "user={user}", names=True),
    ],
    "calendar/events/<slug:provider>/<path:event_id>/delete": [
        Try("/calendar/events/google/{event}/delete", names=True)
    ],
    "calendar/slots": [Try("/calendar/slots"), Try("/calendar/slots", "whole=1&user={user}")],
    "calendar/feed": [Try("/calendar/feed", "user={user}", {"user": "{user}"})],
    "calendar/feed/end": [
        Try("/calendar/feed/end", body={"typed": "calendar feed", "user": "{user}"})
    ],
    "calendar/booking-tool": [
        Try("/calendar/booking-tool", "whole=1&assistant_id={assistant}"),
        Try("/calendar/booking-tool", body={"calendar": "google", "user": "{user}"}),
    ],
    "calendar/booking-tool/install": [
        Try("/calendar/booking-tool/install", body={"assistant_id": "{assistant}"})
    ],
    "calendar/booking-tool/remove": [
        Try("/calendar/booking-tool/remove", body={"assistant_id": "{assistant}"})
    ],
    "vapi": [
        Try("/vapi", "assistant_id={assistant}"),
        Try("/vapi", body={"assistant_id": "{assistant}", "key": "own", "value": "1"}),
    ],
    "vapi/<slug:key>": [
        Try("/vapi/temperature", "assistant_id={assistant}"),
        Try(
            "/vapi/temperature",
            body={"assistant_id": "{assistant}", "step": "save", "value": "1"},
        ),
    ],
    "vapi/<slug:key>/revert": [
        Try("/vapi/temperature/revert", "assistant_id={assistant}&revision=1"),
        Try("/vapi/temperature/revert", body={"assistant_id": "{assistant}", "revision": "1"}),
    ],
}
"""By route. Each is tried by GET and by POST, as a page and as a fragment."""

FRAMES = ("/mail/preview", "/mail/templates/alarm/html")
"""Not pages: what pages show in a frame, under a policy of its own."""

STRANGERS = ("theme", "styleguide", "login", "logout")
"""Pages for whom is not logged in, too."""
