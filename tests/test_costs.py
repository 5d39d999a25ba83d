"""Costs of each operation of the REST API: SQL statements, and round trips to Redis.

Nothing is timed. A path that became dearer or cheaper is a number that differs, beside the name of
its operation; docs/ARCHITECTURE.md says what a request is made of.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from ava.cache import recent
from conftest import PASSWORD
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.vapi import seed
from telephony.conftest import OURS, SUPPORT, THEIRS
from tests.redis import RedisServer
from tests.walls.routes import operations

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COSTS = {
    "GET auth/me": (0, 1),
    "GET integrations": (1, 7),
    "GET integrations/calendar/<str:provider>/events": (0, 1),
    "POST integrations/email/test": (2, 1),
    "GET vapi/settings": (0, 1),
    "GET vapi/settings/<str:key>": (0, 2),
    "PUT vapi/settings/<str:key>": (9, 12),
    "GET vapi/settings/<str:key>/history": (1, 2),
    "POST vapi/settings/<str:key>/revert": (10, 12),
    "GET vapi/assistants": (0, 2),
    "GET vapi/assistants/<str:assistant_id>": (0, 2),
    "GET vapi/phone-numbers": (0, 2),
    "POST vapi/phone-numbers": (10, 4),
    "GET twilio/numbers": (1, 9),
    "GET twilio/calls": (2, 1),
    "POST twilio/calls": (13, 5),
    "GET twilio/calls/<uuid:call_id>": (2, 1),
    "POST twilio/calls/<uuid:call_id>/hangup": (6, 1),
    "GET twilio/messages": (2, 1),
    "POST twilio/messages": (13, 5),
    "GET twilio/messages/<uuid:message_id>": (2, 1),
    "POST twilio/messages/<uuid:message_id>/cancel": (5, 1),
    "GET twilio/messages/bulk": (2, 1),
    "POST twilio/messages/bulk": (12, 2),
    "GET twilio/messages/bulk/<uuid:batch_id>": (2, 1),
    "POST twilio/messages/bulk/<uuid:batch_id>/pause": (4, 1),
    "POST twilio/messages/bulk/<uuid:batch_id>/resume": (6, 1),
    "POST twilio/messages/bulk/<uuid:batch_id>/cancel": (8, 1),
    "GET twilio/opt-outs": (1, 1),
    "POST twilio/opt-outs": (4, 1),
    "DELETE twilio/opt-outs/<str:number>": (4, 1),
    "GET integrations/vapi/credentials": (2, 1),
    "PUT integrations/vapi/credentials": (2, 1),
    "POST integrations/vapi/credentials/verify": (1, 3),
    "DELETE integrations/vapi/credentials": (5, 2),
    "GET integrations/twilio/credentials": (4, 1),
    "PUT integrations/twilio/credentials": (4, 1),
    "POST integrations/twilio/credentials/verify": (1, 3),
    "DELETE integrations/twilio/credentials": (6, 1),
    "GET integrations/resend/credentials": (1, 1),
    "PUT integrations/resend/credentials": (1, 1),
    "POST integrations/resend/credentials/verify": (1, 3),
    "DELETE integrations/resend/credentials": (2, 1),
    "GET integrations/smtp/credentials": (1, 1),
    "PUT integrations/smtp/credentials": (1, 1),
    "POST integrations/smtp/credentials/verify": (1, 3),
    "DELETE integrations/smtp/credentials": (2, 1),
    "GET integrations/<str:provider>/credentials": (2, 1),
    "PUT integrations/<str:provider>/credentials": (2, 1),
    "POST integrations/<str:provider>/credentials/verify": (1, 3),
    "DELETE integrations/<str:provider>/credentials": (5, 2),
    "POST auth/login": (8, 1),
    "POST auth/refresh": (3, 1),
    "POST auth/logout": (2, 2),
    "GET auth/tokens": (2, 1),
    "POST auth/tokens": (3, 1),
    "DELETE auth/tokens/<uuid:token_id>": (1, 2),
}
"""Statements and round trips."""

NOT_COUNTED = re.compile(
    "BEGIN|COMMIT|SAVEPOINT|RELEASE"
    # Read once or a few times a second for all requests together.
    '|.*FROM "integrations_(breakercontrol|flag|flagoverride)"'
)
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

    def token(self) -> Any:
        return self.post("/auth/tokens", name="x", scope="read")

    def batch(self) -> str:
        return self.made("/twilio/messages/bulk", **BATCH)

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
    "GET integrations/calendar/<str:provider>/events": read("/integrations/calendar/google/events"),
    "POST integrations/email/test": plain(
        lambda ada: ada.post("/integrations/email/test", to="x@example.com", subject="x", text="x")
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


@pytest.fixture
def ada(user: User, sandbox: Sandbox, redis: RedisServer, settings: Any, monkeypatch: Any) -> Ada:
    settings.RATE_LIMIT_PER_MINUTE = 100_000
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    # No second passes: what is remembered for so long was read before.
    monkeypatch.setattr(recent, "clock", lambda: 0.0)
    ada = Ada(user)
    for slug in ("vapi", "twilio"):
        assert ada.put(f"/integrations/{slug}/credentials", **KEYS[slug]).status_code == 200
    return ada


def cost(ask: Callable[[], Any], redis: RedisServer) -> tuple[int, int, Any]:
    with redis.client.monitor() as monitor:
        with CaptureQueriesContext(connection) as asked:
            answer = ask()
        redis.client.echo("the end")
        trips = 0
        while "the end" not in (seen := monitor.next_command())["command"]:
            trips += seen["client_type"] != "lua"
    statements = [one["sql"] for one in asked.captured_queries]
    return len([sql for sql in statements if not NOT_COUNTED.match(sql)]), trips, answer


def test_every_operation_has_its_costs() -> None:
    assert set(operations(get_resolver())) == OPERATIONS.keys() == COSTS.keys()


def test_no_operation_costs_other_than_is_written_here(ada: Ada, redis: RedisServer) -> None:
    different = []
    for name, (prepare, ask) in OPERATIONS.items():
        for _ in range(2):  # The first time fills what is kept.
            needed = prepare(ada)
            statements, trips, answer = cost(lambda: ask(ada, needed), redis)  # noqa: B023
        # There is no mail server: asking for it costs the same.
        assert answer.status_code < 300 or "smtp" in name, (name, answer.content)
        if (statements, trips) != COSTS.get(name):
            different.append(f'"{name}": {statements, trips}, not {COSTS.get(name)}')
    assert different == [], "\n".join(different)
