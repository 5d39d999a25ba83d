"""Operations of the REST API: what each needs first, and its request (`test_costs.py`)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from conftest import PASSWORD
from integrations.calendar.tests import consent
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.vapi import seed
from telephony.conftest import OURS, SUPPORT, THEIRS

KEYS: dict[str, dict[str, Any]] = {
    "vapi": {"api_key": "vapi-demo-key"},
    "twilio": {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
    "resend": {"api_key": "re_demo", "from_email": "ada@example.com"},
    "smtp": {
        "host": "127.0.0.1",
        "port": 587,
        "security": "starttls",
        "username": "ada",
        "password": "a password of Ada's",
        "from_email": "ada@example.com",
    },
}
PAIR = {"to": THEIRS, "from": OURS}
MAIL = {"to": ["x@example.com"], "subject": "x", "text": "x"}
EVENT = {"title": "Talk", "start": "2026-12-15T10:00:00Z", "end": "2026-12-15T10:30:00Z"}
BATCH = {"recipients": [THEIRS], "from": OURS, "body": "Hi"}


class Ada:
    """A user of the REST API, with paths to new rows of hers."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.turn = 0
        self.log_in()

    def log_in(self) -> Any:
        self.api = APIClient()
        self.turn += 1
        answer = self.post("/auth/login", identifier=self.user.username, password=PASSWORD)
        self.tokens = answer.json()
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {self.tokens['access_token']}")
        return answer

    def get(self, path: str) -> Any:
        return self.api.get(f"/api/v1{path}")

    def post(self, path: str, **body: Any) -> Any:
        return self.api.post(f"/api/v1{path}", body, format="json")

    def put(self, path: str, **body: Any) -> Any:
        return self.api.put(f"/api/v1{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.api.delete(f"/api/v1{path}")

    def edit(self) -> Any:
        self.turn += 1
        return self.put("/vapi/settings/temperature", value=self.turn % 10 / 10)

    def take_vapis_webhooks(self) -> Any:
        self.turn += 1
        proof = {"webhook_secret": f"a-secret-of-adas-{self.turn}"}
        return self.put("/integrations/vapi/credentials", **KEYS["vapi"], **proof)

    def install(self) -> Any:
        self.take_vapis_webhooks()
        return self.put("/vapi/booking-tool/installation")

    def import_number(self) -> Any:
        self.turn += 1
        number = (OURS, SUPPORT)[self.turn % 2]
        consent = {"replace_voice_url": True, "password": PASSWORD}
        return self.post("/vapi/phone-numbers", number=number, name="x", **consent)

    def made(self, path: str, **body: Any) -> str:
        answer = self.post(path, **body)
        assert answer.status_code == 201, answer.content
        return f"{path}/{answer.json()['id']}"

    def call(self) -> str:
        return self.made("/twilio/calls", **PAIR, say="Hi", send_at=_tomorrow())

    def message(self) -> str:
        return self.made("/twilio/messages", **PAIR, body="Hi", send_at=_tomorrow())

    def mail(self) -> str:
        return self.made("/integrations/email/messages", **MAIL)

    def connect(self) -> Any:
        return self.post("/integrations/calendar/google/connect")

    def connected(self) -> None:
        consent.connect(self.api)

    def event(self) -> str:
        self.connected()
        return self.made("/integrations/calendar/google/events", **EVENT)

    def token(self) -> Any:
        return self.post("/auth/tokens", name="x", scope="read")

    def batch(self) -> str:
        return self.made("/twilio/messages/bulk", **BATCH)

    def suppress(self) -> Any:
        self.turn += 1
        return self.post("/integrations/email/suppressions", address=f"x{self.turn}@example.com")

    def opt_out(self) -> Any:
        self.turn += 1
        return self.post("/twilio/opt-outs", number=f"+1415555{self.turn:04}")

    def paused(self) -> str:
        batch = self.batch()
        self.post(f"{batch}/pause")
        return batch


def _tomorrow() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


Operation = tuple[Callable[[Ada], Any], Callable[[Ada, Any], Any]]
"""What it needs, uncounted; and the request."""


def plain(ask: Callable[[Ada], Any]) -> Operation:
    return (lambda ada: None), (lambda ada, _: ask(ada))


def read(path: str) -> Operation:
    return plain(lambda ada: ada.get(path))


def of_provider(slug: str, path: str) -> dict[str, Operation]:
    mine = f"/integrations/{slug}/credentials"
    keys = KEYS[slug]

    def store(ada: Ada) -> Any:
        return ada.put(mine, **keys)

    return {
        f"GET {path}": (store, lambda ada, _: ada.get(mine)),
        f"PUT {path}": (store, lambda ada, _: store(ada)),
        f"POST {path}/verify": (store, lambda ada, _: ada.post(f"{mine}/verify")),
        f"DELETE {path}": (store, lambda ada, _: ada.delete(mine)),
    }


OPERATIONS: dict[str, Operation] = {
    "GET auth/me": read("/auth/me"),
    "GET integrations": read("/integrations"),
    "GET integrations/calendar/<str:provider>/events": (
        Ada.connected,
        lambda ada, _: ada.get("/integrations/calendar/google/events"),
    ),
    "GET integrations/calendar/<str:provider>/free-busy": (
        Ada.connected,
        lambda ada, _: ada.get("/integrations/calendar/google/free-busy"),
    ),
    "GET integrations/calendar/<str:provider>/events/<str:event_id>": (
        Ada.event,
        lambda ada, it: ada.get(it),
    ),
    "POST integrations/calendar/<str:provider>/events": (
        Ada.connected,
        lambda ada, _: ada.post("/integrations/calendar/google/events", **EVENT),
    ),
    "DELETE integrations/calendar/<str:provider>/events/<str:event_id>": (
        Ada.event,
        lambda ada, it: ada.delete(it),
    ),
    "POST integrations/calendar/feed": plain(lambda ada: ada.post("/integrations/calendar/feed")),
    "DELETE integrations/calendar/feed": (
        lambda ada: ada.post("/integrations/calendar/feed"),
        lambda ada, _: ada.delete("/integrations/calendar/feed"),
    ),
    "GET integrations/calendar/<str:provider>": (
        Ada.connected,
        lambda ada, _: ada.get("/integrations/calendar/google"),
    ),
    "POST integrations/calendar/<str:provider>/connect": plain(Ada.connect),
    "DELETE integrations/calendar/<str:provider>": (
        Ada.connected,
        lambda ada, _: ada.delete("/integrations/calendar/google"),
    ),
    "POST integrations/email/test": plain(
        lambda ada: ada.post("/integrations/email/test", to="x@example.com", subject="x", text="x")
    ),
    "GET integrations/email/summaries": read("/integrations/email/summaries"),
    "PUT integrations/email/summaries": plain(
        lambda ada: ada.put("/integrations/email/summaries", enabled=False, recipients=[])
    ),
    "GET integrations/email/templates": read("/integrations/email/templates"),
    "GET integrations/email/templates/<str:name>": read("/integrations/email/templates/alarm"),
    "GET integrations/email/suppressions": (
        Ada.suppress,
        lambda ada, _: ada.get("/integrations/email/suppressions"),
    ),
    "POST integrations/email/suppressions": plain(Ada.suppress),
    "DELETE integrations/email/suppressions/<path:address>": (
        Ada.suppress,
        lambda ada, it: ada.delete(f"/integrations/email/suppressions/{it.json()['address']}"),
    ),
    "GET integrations/email/messages": (
        Ada.mail,
        lambda ada, _: ada.get("/integrations/email/messages"),
    ),
    "POST integrations/email/messages": (
        lambda ada: ada.put("/integrations/resend/credentials", **KEYS["resend"]),
        lambda ada, _: ada.post("/integrations/email/messages", **MAIL),
    ),
    "GET integrations/email/messages/<uuid:mail_id>": (Ada.mail, Ada.get),
    "GET activity": read("/activity"),
    "GET activity/<str:correlation_id>": read("/activity/nobody-has-this-id"),
    "GET vapi/booking-tool": read("/vapi/booking-tool"),
    "PUT vapi/booking-tool": plain(lambda ada: ada.put("/vapi/booking-tool", calendar="google")),
    "GET vapi/booking-tool/installation": read("/vapi/booking-tool/installation"),
    "PUT vapi/booking-tool/installation": (
        Ada.take_vapis_webhooks,
        lambda ada, _: ada.put("/vapi/booking-tool/installation"),
    ),
    "DELETE vapi/booking-tool/installation": (
        Ada.install,
        lambda ada, _: ada.delete("/vapi/booking-tool/installation"),
    ),
    "GET vapi/settings": read("/vapi/settings"),
    "GET vapi/settings/<str:key>": read("/vapi/settings/temperature"),
    "PUT vapi/settings/<str:key>": plain(Ada.edit),
    "GET vapi/settings/<str:key>/history": read("/vapi/settings/temperature/history"),
    "POST vapi/settings/<str:key>/revert": (
        Ada.edit,
        lambda ada, _: ada.post("/vapi/settings/temperature/revert", revision=1),
    ),
    "GET vapi/assistants": read("/vapi/assistants"),
    "GET vapi/assistants/<str:assistant_id>": read(f"/vapi/assistants/{seed.ASSISTANT_ID}"),
    "GET vapi/phone-numbers": read("/vapi/phone-numbers"),
    "POST vapi/phone-numbers": plain(Ada.import_number),
    "GET twilio/numbers": read("/twilio/numbers"),
    "GET twilio/calls": (Ada.call, lambda ada, _: ada.get("/twilio/calls")),
    "POST twilio/calls": plain(lambda ada: ada.post("/twilio/calls", **PAIR, say="Hi")),
    "GET twilio/calls/<uuid:call_id>": (Ada.call, Ada.get),
    "POST twilio/calls/<uuid:call_id>/hangup": (Ada.call, lambda ada, it: ada.post(f"{it}/hangup")),
    "GET twilio/messages": (Ada.message, lambda ada, _: ada.get("/twilio/messages")),
    "POST twilio/messages": plain(lambda ada: ada.post("/twilio/messages", **PAIR, body="Hi")),
    "GET twilio/messages/<uuid:message_id>": (Ada.message, Ada.get),
    "POST twilio/messages/<uuid:message_id>/cancel": (
        Ada.message,
        lambda ada, it: ada.post(f"{it}/cancel"),
    ),
    "GET twilio/messages/bulk": (Ada.batch, lambda ada, _: ada.get("/twilio/messages/bulk")),
    "POST twilio/messages/bulk": plain(lambda ada: ada.post("/twilio/messages/bulk", **BATCH)),
    "GET twilio/messages/bulk/<uuid:batch_id>": (Ada.batch, Ada.get),
    "POST twilio/messages/bulk/<uuid:batch_id>/pause": (
        Ada.batch,
        lambda ada, it: ada.post(f"{it}/pause"),
    ),
    "POST twilio/messages/bulk/<uuid:batch_id>/resume": (
        Ada.paused,
        lambda ada, it: ada.post(f"{it}/resume"),
    ),
    "POST twilio/messages/bulk/<uuid:batch_id>/cancel": (
        Ada.batch,
        lambda ada, it: ada.post(f"{it}/cancel"),
    ),
    "GET twilio/opt-outs": (Ada.opt_out, lambda ada, _: ada.get("/twilio/opt-outs")),
    "POST twilio/opt-outs": plain(Ada.opt_out),
    "DELETE twilio/opt-outs/<str:number>": (
        Ada.opt_out,
        lambda ada, made: ada.delete(f"/twilio/opt-outs/{made.json()['number']}"),
    ),
    **of_provider("vapi", "integrations/vapi/credentials"),
    **of_provider("twilio", "integrations/twilio/credentials"),
    **of_provider("resend", "integrations/resend/credentials"),
    **of_provider("smtp", "integrations/smtp/credentials"),
    **of_provider("vapi", "integrations/<str:provider>/credentials"),
    "POST auth/login": plain(Ada.log_in),
    "POST auth/refresh": (
        Ada.log_in,
        lambda ada, _: ada.post("/auth/refresh", refresh_token=ada.tokens["refresh_token"]),
    ),
    "GET auth/tokens": (Ada.token, lambda ada, _: ada.get("/auth/tokens")),
    "POST auth/tokens": plain(Ada.token),
    "DELETE auth/tokens/<uuid:token_id>": (
        Ada.token,
        lambda ada, it: ada.delete(f"/auth/tokens/{it.json()['id']}"),
    ),
    "POST auth/logout": (Ada.log_in, lambda ada, _: ada.post("/auth/logout")),
}
