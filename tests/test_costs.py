"""Costs of each operation of the REST API: SQL statements, and round trips to Redis.

Nothing is timed. A path that became dearer or cheaper is a number that differs, beside the name of
its operation; docs/ARCHITECTURE.md says what a request is made of.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from ava.cache import recent
from sandbox.server import Sandbox
from tests.costed import KEYS, OPERATIONS, Ada
from tests.redis import RedisServer
from tests.walls.routes import operations

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COSTS = {
    "GET auth/me": (0, 1),
    "GET integrations": (2, 7),
    "GET integrations/calendar/<str:provider>/events": (2, 3),
    "GET integrations/calendar/<str:provider>/events/<str:event_id>": (3, 3),
    "GET integrations/calendar/<str:provider>/free-busy": (2, 3),
    "POST integrations/calendar/<str:provider>/events": (8, 3),
    "DELETE integrations/calendar/<str:provider>/events/<str:event_id>": (5, 3),
    "POST integrations/calendar/feed": (2, 1),
    "DELETE integrations/calendar/feed": (1, 1),
    "GET integrations/calendar/<str:provider>": (1, 1),
    "POST integrations/calendar/<str:provider>/connect": (2, 1),
    "DELETE integrations/calendar/<str:provider>": (2, 3),
    "POST integrations/email/test": (1, 1),
    "GET integrations/email/summaries": (1, 1),
    "PUT integrations/email/summaries": (2, 1),
    "GET integrations/email/templates": (0, 1),
    "GET integrations/email/templates/<str:name>": (0, 1),
    "GET integrations/email/suppressions": (1, 1),
    "POST integrations/email/suppressions": (2, 1),
    "DELETE integrations/email/suppressions/<path:address>": (2, 1),
    "GET integrations/email/messages": (3, 1),
    "POST integrations/email/messages": (18, 3),
    "GET integrations/email/messages/<uuid:mail_id>": (5, 1),
    "GET activity": (2, 1),
    "GET activity/<str:correlation_id>": (8, 1),
    "GET vapi/booking-tool": (1, 1),
    "PUT vapi/booking-tool": (2, 1),
    "GET vapi/booking-tool/installation": (0, 2),
    "PUT vapi/booking-tool/installation": (14, 18),
    "DELETE vapi/booking-tool/installation": (10, 13),
    "GET vapi/settings": (0, 1),
    "GET vapi/settings/<str:key>": (0, 2),
    "PUT vapi/settings/<str:key>": (9, 12),
    "GET vapi/settings/<str:key>/history": (1, 2),
    "POST vapi/settings/<str:key>/revert": (10, 12),
    "GET vapi/assistants": (0, 2),
    "GET vapi/assistants/<str:assistant_id>": (0, 2),
    "GET vapi/phone-numbers": (0, 2),
    "POST vapi/phone-numbers": (10, 4),
    "GET twilio/numbers": (1, 8),
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
    "GET integrations/resend/credentials": (2, 1),
    "PUT integrations/resend/credentials": (2, 1),
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
