"""Costs of taking a webhook and of placing a call or a message: SQL, commits, files entered."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from integrations.credentials import store
from integrations.credentials.models import WEBHOOK_ACCOUNT
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import CALLS, HOOKS, MESSAGES, OURS, THEIRS
from telephony.incoming.tests.lines import SECRET, connect
from telephony.twilio import signatures
from vapi_settings.tests.test_walks import walk

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = "http://testserver"
PAIR = {"to": THEIRS, "from": OURS}
ENDS = re.compile("BEGIN|COMMIT")
NOT_COUNTED = re.compile(
    # How long a webhook may take: two for each, which touch no table.
    "PRAGMA busy_timeout"
    # Read once or a few times a second for all requests together.
    '|.*FROM "integrations_(breakercontrol|flag|flagoverride)"'
)


# The same with PostgreSQL: a part of each statement.
LIMIT = re.compile("SET LOCAL statement_timeout = [0-9]+; ")


class Cost(CaptureQueriesContext):
    """SQL of a block: statements, and transactions that write."""

    @property
    def _sql(self) -> list[str]:
        return [LIMIT.sub("", one["sql"]) for one in self.captured_queries]

    @property
    def statements(self) -> list[str]:
        return [sql for sql in self._sql if not NOT_COUNTED.match(sql) and not ENDS.match(sql)]

    @property
    def commits(self) -> int:
        """Transactions, and statements that write outside of one."""
        count, inside = 0, False
        for sql in self._sql:
            if sql.startswith(("BEGIN", "COMMIT")):
                inside = sql.startswith("BEGIN")
                count += inside
            elif not inside and sql.startswith(("INSERT", "UPDATE", "DELETE")):
                count += 1
        return count

    def is_at_most(self, statements: int, commits: int) -> None:
        assert len(self.statements) <= statements, "\n".join(self.statements)
        assert self.commits <= commits


@pytest.fixture(autouse=True)
def ready(api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any) -> None:
    """Numbers known, and the first webhook of the day stored: once a day costs more."""
    settings.PUBLIC_URL = PUBLIC
    settings.RATE_LIMIT_PER_MINUTE = 1000
    connect(twilio_user)
    assert api.post(MESSAGES, PAIR | {"body": "Hi"}).status_code == 201
    report("message", MessageSid="SM0", SmsStatus="received")
    vapi_says(twilio_user, "queued")


def post(kind: str, mark: str = "", **fields: str) -> Any:
    """AVA's answer to a webhook of Twilio's."""
    url = f"{HOOKS}/{kind}{mark}"
    form = {"AccountSid": ACCOUNT_SID, "From": THEIRS, "To": OURS, **fields}
    signature = signatures.sign(AUTH_TOKEN, f"{PUBLIC}{url}", [*form.items()])
    return Client().post(
        url,
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={signatures.HEADER: signature},
    )


def report(kind: str, mark: str = "", **fields: str) -> Cost:
    """The cost of a webhook of Twilio's."""
    with Cost(connection) as cost:
        answer = post(kind, mark, **fields)
    assert answer.status_code in (200, 204)
    return cost


def vapi_says(user: User, status: str) -> Cost:
    """The cost of a webhook of Vapi's."""
    row = store.find(user=user, provider="vapi")
    assert row is not None
    message = {"type": "status-update", "status": status, "call": {"id": "c1"}}
    with Cost(connection) as cost:
        answer = Client().post(
            f"/api/v1/webhooks/vapi?{WEBHOOK_ACCOUNT}={row.pk}",
            {"message": message},
            content_type="application/json",
            headers={"X-Vapi-Secret": SECRET},
        )
    assert answer.status_code == 204
    return cost


@pytest.fixture
def call(api: APIClient) -> dict[str, str]:
    return dict(api.post(CALLS, PAIR | {"say": "Hello"}).json())


def test_a_report_on_a_call_is_taken_with_one_commit(call: dict[str, str]) -> None:
    mark = f"?call={call['id']}&attempt=1"
    cost = report("call-status", mark, CallSid=call["provider_sid"], CallStatus="ringing")
    cost.is_at_most(statements=5, commits=1)


def test_a_repeated_report_costs_no_more_than_a_new_one(call: dict[str, str]) -> None:
    mark = f"?call={call['id']}&attempt=1"
    for _ in range(2):
        cost = report("call-status", mark, CallSid=call["provider_sid"], CallStatus="ringing")
    cost.is_at_most(statements=5, commits=1)


def test_a_message_that_comes_in_is_taken_with_one_commit() -> None:
    cost = report("message", MessageSid="SM1", SmsStatus="received", Body="STOP")
    cost.is_at_most(statements=4, commits=1)


def test_a_call_gets_its_twiml_with_one_commit_more(call: dict[str, str]) -> None:
    mark = f"?call={call['id']}&attempt=1"
    cost = report("voice", mark, CallSid=call["provider_sid"], CallStatus="in-progress")
    cost.is_at_most(statements=9, commits=2)


def test_an_event_of_vapis_is_taken_with_one_commit(twilio_user: User) -> None:
    vapi_says(twilio_user, "in-progress").is_at_most(statements=4, commits=1)


@pytest.mark.parametrize(
    ("path", "body", "statements"), [(CALLS, {"say": "Hi"}, 11), (MESSAGES, {"body": "Hi"}, 12)]
)
def test_what_is_sent_is_stored_with_one_commit_and_its_outcome_with_another(
    api: APIClient, path: str, body: dict[str, str], statements: int
) -> None:
    with Cost(connection) as cost:
        assert api.post(path, PAIR | body).status_code == 201
    cost.is_at_most(statements=statements, commits=2)


def test_an_idempotency_key_costs_four_statements_and_two_commits_more(api: APIClient) -> None:
    with Cost(connection) as cost:
        answer = api.post(CALLS, PAIR | {"say": "Hi"}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201
    cost.is_at_most(statements=15, commits=4)


def test_a_webhook_enters_few_files() -> None:
    files = walk(lambda: post("message", MessageSid="SM2", SmsStatus="received", Body="Hi"))
    assert len(files) <= 25, "\n".join(files)
