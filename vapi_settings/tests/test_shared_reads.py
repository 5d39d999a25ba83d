"""Reads that one read of Vapi answers: as many callers as there are, through the server's door."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from prometheus_client import REGISTRY

from ava.accounts import services
from ava.accounts.models import Session
from ava.asgi import Application
from ava.server import flights
from ava.tests.test_asgi import scope
from ava.wsgi import application as wsgi
from tests.resets import reset
from vapi_settings.conftest import SETTINGS, Dashboard, store_key

pytestmark = pytest.mark.django_db(transaction=True)

FRESH = (b"cache-control", b"no-cache")
MANY = 40
"""More than Vapi's bulkhead has slots for one user, and more than may wait in threads."""
FEW = 4
"""Reads of Vapi for all of them: one may have begun too early, and where what it finds is new, all
look again."""

Ask = Callable[..., Any]


@pytest.fixture(params=["memory", "redis"], autouse=True)
def forget(request: Any) -> Callable[[], None]:
    """What makes AVA forget all copies; whom it has met it remembers."""
    redis = request.getfixturevalue("redis") if request.param == "redis" else None

    def forget() -> None:
        reset("copies", "answers")
        if redis is not None:
            redis.flush()

    return forget


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no reason to read by oneself."""
    monkeypatch.setattr(flights, "WAIT_SECONDS", 60.0)


def django(environ: Any, start: Any) -> list[bytes]:
    """Django, which leaves no connection to a thread that ends with the test."""
    try:
        return [*wsgi(environ, start)]
    finally:
        connections.close_all()


@pytest.fixture
def bearer(user: User, vapi: Dashboard) -> tuple[bytes, bytes]:
    store_key(user)
    return b"authorization", f"Bearer {services.open_session(user=user).access_token}".encode()


@pytest.fixture
def play(bearer: tuple[bytes, bytes]) -> Any:
    """Run a coroutine that is given `ask`, one request of the server's: its status and body."""

    def play(scene: Callable[[Ask], Any]) -> Any:
        async def run() -> Any:
            application = Application(django, threads=8)

            async def ask(*headers: tuple[bytes, bytes]) -> tuple[int, Any]:
                sent: list[Any] = []

                async def send(message: Any) -> None:
                    sent.append(message)

                request = scope(bearer, *headers, path=SETTINGS.encode()) | {"method": "GET"}
                await application(request, None, send)  # type: ignore[arg-type]  # it has no body
                return sent[0]["status"], json.loads(sent[1]["body"])

            # Whom the server has just met, it remembers.
            assert (await ask())[0] == 200
            return await scene(ask)

        return asyncio.run(run())

    return play


def reads(vapi: Dashboard) -> int:
    return vapi.asked.count("GET /assistant/*") + vapi.asked.count("GET /assistant")


def shared() -> float:
    found = REGISTRY.get_sample_value(
        "ava_cache_requests_total", {"cache": "vapi_assistant", "result": "shared"}
    )
    return found or 0.0


def value_of(body: Any, key: str) -> Any:
    return next(one["value"] for one in body["settings"] if one["key"] == key)


def test_many_fresh_reads_at_once_ask_vapi_a_few_times(play: Any, vapi: Dashboard) -> None:
    async def scene(ask: Ask) -> Any:
        before = reads(vapi), shared()
        answers = await asyncio.gather(*(ask(FRESH) for _ in range(MANY)))
        return answers, reads(vapi) - before[0], shared() - before[1]

    answers, asked, followed = play(scene)
    assert [status for status, _ in answers] == [200] * MANY
    assert 1 <= asked <= FEW
    assert followed >= MANY - FEW


def test_many_reads_at_once_of_what_is_not_known_ask_vapi_a_few_times(
    play: Any, vapi: Dashboard, forget: Callable[[], None]
) -> None:
    async def scene(ask: Ask) -> Any:
        vapi.plant(firstMessage="New")
        await sync_to_async(forget)()
        before = reads(vapi)
        answers = await asyncio.gather(*(ask() for _ in range(MANY)))
        return answers, reads(vapi) - before

    answers, asked = play(scene)
    assert [status for status, _ in answers] == [200] * MANY
    assert {value_of(body, "greeting_message") for _, body in answers} == {"New"}
    assert 1 <= asked <= FEW


def test_a_fresh_read_is_not_answered_by_one_that_began_before_it(
    play: Any, vapi: Dashboard
) -> None:
    vapi.plant(firstMessage="Old")

    async def scene(ask: Ask) -> Any:
        # Vapi has answered, and the answer is on its way for half a second.
        vapi.fail("slow", when="after", count=1, delay_ms=500)
        first = asyncio.create_task(ask(FRESH))
        await asyncio.sleep(0.2)
        vapi.plant(firstMessage="New")
        return await ask(FRESH), await first

    later, _ = play(scene)
    assert value_of(later[1], "greeting_message") == "New"


def test_where_a_read_fails_each_caller_gets_an_answer(play: Any, vapi: Dashboard) -> None:
    async def scene(ask: Ask) -> Any:
        vapi.fail("status", status=500, match="GET /assistant")
        return await asyncio.wait_for(asyncio.gather(*(ask(FRESH) for _ in range(MANY))), 30)

    answers = play(scene)
    assert {status for status, _ in answers} <= {502, 503}
    assert all(body["detail"] for _, body in answers)


def test_a_caller_whose_session_ends_while_it_waits_gets_nothing(
    play: Any, vapi: Dashboard, user: User
) -> None:
    async def scene(ask: Ask) -> Any:
        vapi.fail("slow", when="after", count=1, delay_ms=500)
        first = asyncio.create_task(ask(FRESH))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(ask(FRESH))
        await asyncio.sleep(0.1)
        session = await Session.objects.aget(user=user)
        await sync_to_async(services.log_out)(session=session)
        return await first, await waiting

    _, (status, body) = play(scene)
    assert (status, body["code"]) == (401, "session_ended")
