"""The home page: what needs a person, how providers do, today beside last week, what failed."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ava.activity import services as activity
from conftest import client_of
from integrations.credentials import services as credentials
from integrations.email.models import Mail
from telephony.models import Call, Message

if TYPE_CHECKING:
    from sandbox.server import Sandbox

FRAGMENT = {"HX-Request": "true", "HX-Target": "health"}
KEYS = {
    "vapi": {"api_key": "vapi-demo-key", "default_assistant_id": "front-desk"},
    "twilio": {"account_sid": "AC" + 32 * "0", "auth_token": "twilio-demo-token"},
}

pytestmark = pytest.mark.database


@pytest.fixture
def keys(user: User) -> None:
    for provider, values in KEYS.items():
        credentials.save(user=user, provider=provider, values=values, source="api")


def make(model: Any, owner: User, number: int = 1, **fields: Any) -> None:
    more = {"to": "+14155550101", "from_number": "+15005550006"} if model is not Mail else {}
    more |= {"backend": "stub", "holder": "operator"} if model is Mail else {"holder": "operator"}
    model.objects.bulk_create(
        model(owner=owner, **{"status": "completed", **more, **fields}) for _ in range(number)
    )


def text(browser: Client, **headers: str) -> str:
    page = browser.get("/", headers=headers)
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def test_the_first_visit_leads_to_a_call(browser: Client, user: User) -> None:
    page = text(browser)
    assert "0 of 4 done" in page
    assert page.index("Connect Vapi") < page.index("Place a call to yourself")


def test_each_step_ticks_itself_and_a_call_ends_the_list(browser, user, keys) -> None:
    assert "3 of 4 done" in text(browser)
    make(Call, user, status="failed")
    assert "3 of 4 done" in text(browser)
    make(Call, user)
    assert "Your first call" not in text(browser)


def test_each_provider_says_whose_credentials_it_uses(browser, user, keys) -> None:
    page = text(browser)
    assert page.count("With your own credentials") == 2
    assert "Demo: nothing leaves AVA" in page


def test_an_open_breaker_comes_first_with_a_countdown(
    browser: Client, user: User, keys: None, sandbox: "Sandbox", settings: Any
) -> None:
    settings.BREAKER_THRESHOLD = 1
    sandbox.faults.add("vapi", "status", status=500)
    assert client_of(user).get("/api/v1/vapi/assistants").status_code == 502
    sandbox.faults.clear()
    for page in (text(browser), text(browser, **FRAGMENT)):
        assert "Vapi cannot be reached" in page
        assert "Meanwhile assistants place no calls" in page
        assert "Who calls a number that AVA answers is asked to call later" in page
        assert 'data-seconds="' in page
        assert "not reachable" in page


def test_a_refused_key_is_said_with_the_next_step_until_another_is_entered(
    browser: Client, user: User, keys: None, sandbox: "Sandbox"
) -> None:
    wrong = {"api_key": "a-key-that-ended"}
    credentials.save(user=user, provider="vapi", values=wrong, source="api")
    assert client_of(user).get("/api/v1/vapi/assistants").status_code == 401
    activity.write()
    page = text(browser)
    assert "Vapi refused your key" in page
    assert "Meanwhile assistants place no calls" in page
    assert 'href="/settings/keys/vapi">Replace key' in page
    assert "key refused" in page
    credentials.save(user=user, provider="vapi", values=KEYS["vapi"], source="api")
    assert "refused" not in text(browser)


def test_a_key_that_is_taken_again_is_no_trouble(
    browser: Client, user: User, keys: None, sandbox: "Sandbox"
) -> None:
    sandbox.faults.add("vapi", "status", status=401, count=1)
    assert client_of(user).get("/api/v1/vapi/assistants").status_code == 401
    assert client_of(user).get("/api/v1/vapi/assistants").status_code == 200
    activity.write()
    assert "refused" not in text(browser)


def test_today_is_compared_with_the_same_time_of_last_weeks_day(browser, user, keys) -> None:
    with time_machine.travel(timezone.now().replace(hour=12), tick=False):
        now = timezone.now()
        make(Call, user, 3)
        make(Call, user, 1, created_at=now - timedelta(days=7, seconds=1))
        make(Call, user, 5, created_at=now - timedelta(days=6, hours=23, minutes=59))
        page = text(browser)
    assert "2 more than 1" in page


def test_what_failed_last_is_shown_with_its_id_and_reason(browser, user, stranger) -> None:
    make(Call, user, status="failed", error="No such number.", correlation_id="trace-1")
    make(Message, user, status="undelivered", correlation_id="trace-2")
    make(Mail, user, status="bounced", subject="Your bill", correlation_id="trace-3")
    make(Call, stranger, status="failed", error="Another's.", correlation_id="trace-4")
    page = text(browser)
    for shown in ("No such number.", "trace-1", "trace-2", "trace-3", "Your bill"):
        assert shown in page
    assert "trace-4" not in page
    assert "+1 415-555-0101" in page


def test_the_part_that_refreshes_itself_is_the_pages_own(browser, user, keys) -> None:
    part = text(browser, **FRAGMENT)
    assert "<html" not in part
    assert part.removesuffix(" ") in text(browser)


def test_home_costs_at_most_eight_statements_however_many_rows_there_are(browser, user, keys):
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            text(browser)
        return len(found)

    few = statements()
    for status in ("completed", "failed"):
        make(Call, user, 200, status=status)
    make(Message, user, 200, status="failed")
    make(Mail, user, 200, status="bounced")
    # Flags and overrides are read by the first request of each second.
    assert max(few, statements()) <= 8


def test_what_the_page_reads_is_found_along_indexes(browser, user, keys) -> None:
    with CaptureQueriesContext(connection) as found:
        text(browser)
    reads = [q["sql"] for q in found if "telephony_call" in q["sql"]]
    assert len(reads) == 2
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for sql in reads:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[3] for row in cursor.fetchall()]
            tables = ("telephony_call", "telephony_message", "integrations_mail")
            assert not [
                line for line in plan if line.startswith(tuple(f"SCAN {t}" for t in tables))
            ]
