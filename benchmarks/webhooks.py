"""Times until webhooks are acknowledged: `python -m benchmarks.webhooks [WEBHOOKS]`.

Starts AVA as script/server does, with SQLite, then with two workers, PostgreSQL and Redis, and
sends it signed webhooks, by 1, 8 and 32 clients that never pause: Twilio's on calls and messages
that AVA placed, calls that come in (AVA answers with TwiML), Vapi's reports. First idle, then while
Twilio hangs and eight people want to call, then while the jobs of all these webhooks are done once
more. `/healthz`, asked at the same time from another process, tells what the machine had left. At
the end each acknowledged webhook must be stored and worked through.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from ava.conf.env import BASE_DIR
from benchmarks import callers
from benchmarks.callers import Answer, Webhook
from benchmarks.table import versions
from tests import postgres
from tests.chaos import deliveries
from tests.redis import RedisServer
from tests.server import RunningAva

WEBHOOKS = 240
CLIENTS = (1, 8, 32)
PEOPLE = 8
SECRET = "between-vapi-and-ava"
PERSON, OURS = "+15005550010", "+15005550006"
HEALTHZ_PAUSE = 0.05

_REPLAY = """
import django
django.setup()
from ava.inbound import services
from ava.inbound.models import Delivery
services.replay(Delivery.objects.order_by("received_at"))
"""


def main(count: int = WEBHOOKS) -> int:
    print(versions("granian", "django", "psycopg"))
    with served() as ava:
        lost = measure("SQLite", ava, count)
    with postgres.running(durable=True) as database, RedisServer() as redis:
        two = {"WEB_CONCURRENCY": "2", "DATABASE_URL": database, "REDIS_URL": redis.plain_url}
        with served(**two) as ava:
            lost += measure("2 workers, PostgreSQL, Redis", ava, count)
    return int(bool(lost))


@contextmanager
def served(**environment: str) -> Iterator[RunningAva]:
    """AVA with a public address and a sandbox apart; only this benchmark sends it webhooks."""
    with tempfile.TemporaryDirectory() as directory:
        ava = RunningAva(
            Path(directory) / "var",
            LOG_LEVEL=os.environ.get("LOG_LEVEL", "ERROR"),
            CIRCUIT_BREAKER_ENABLED="0",
            **environment,
        )
        ava.environment["AVA_PUBLIC_URL"] = ava.url
        ava.start_sandbox()
        with ava:
            ava.login()
            ava.order("callbacks", drop=1.0)
            ava.order("phone", to=PERSON, behaviour="busy")
            yield ava


def measure(title: str, ava: RunningAva, count: int) -> int:
    """Print the tables of one set-up. How many acknowledged webhooks are lost."""
    patterns = [(clients, kept) for clients in CLIENTS for kept in (True, False)]
    batches = prepare(ava, count, 3 * len(patterns))
    answers: list[Answer] = []

    def table(load: str) -> None:
        print(f"\n{title}: {load}\n")
        print("| at once, connections | p50 | p95 | p99 | `/healthz` p50 | p95 | jobs due |")
        print("|---|---|---|---|---|---|---|")
        for clients, kept in patterns:
            found, health = cell(ava, next(batches), clients, kept)
            answers.extend(found)
            print(f"| {clients}, {'kept' if kept else 'new'} | {row(found, health)} | {due(ava)} |")

    table("idle")
    with calling(ava):
        table(f"Twilio hangs, {PEOPLE} people want to call")
    backlog(ava)
    table("a backlog of jobs")
    for kind in sorted({one.webhook.kind for one in answers}):
        taken = [one.taken for one in answers if one.webhook.kind == kind]
        print(f"{kind}: p50 {statistics.median(taken):.1f} ms of all {len(taken)}")
    return report(ava, answers)


def prepare(ava: RunningAva, count: int, batches: int) -> Iterator[list[Webhook]]:
    """Batches of so many webhooks, of calls and messages that AVA has placed for them."""
    credentials = {"api_key": "vapi-demo-key", "webhook_secret": SECRET}
    kept = ava.call("PUT", "/integrations/vapi/credentials", json=credentials).json()
    hook = str(kept["webhook_url"])
    calls = placed(ava, "calls", -(-count * batches // 20), say="Hello")
    messages = placed(ava, "messages", -(-count * batches // 16), body="Hello")
    streams = (
        callers.lives(*(callers.of_call(ava.url, call) for call in calls)),
        callers.lives(*(callers.of_message(ava.url, message) for message in messages)),
        callers.coming_in(ava.url),
        callers.of_assistant(hook, SECRET),
    )
    return (callers.mixed(count, *streams) for _ in range(batches))


def placed(ava: RunningAva, what: str, count: int, **more: str) -> list[dict[str, str]]:
    def place(number: int) -> dict[str, str]:
        wanted = {"to": PERSON, "from": OURS, **more}
        answer = ava.call("POST", f"/twilio/{what}", json=wanted)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    with ThreadPoolExecutor(4) as people:
        return list(people.map(place, range(count)))


def cell(
    ava: RunningAva, batch: Sequence[Webhook], clients: int, kept: bool
) -> tuple[list[Answer], list[float]]:
    """Send a batch from a process of its own; its answers, and what `/healthz` took meanwhile."""
    answers: Any = multiprocessing.Queue()
    sender = multiprocessing.Process(
        target=_sender, args=(ava.url, batch, clients, kept, answers), daemon=True
    )
    sender.start()
    health: list[float] = []
    while answers.empty():
        health.append(callers.ask(ava.url, "/healthz"))
        time.sleep(HEALTHZ_PAUSE)
    found = answers.get()
    sender.join()
    return found, health


def _sender(url: str, batch: Sequence[Webhook], clients: int, kept: bool, answers: Any) -> None:
    answers.put(callers.send(url, batch, clients=clients, kept=kept))


def row(answers: Sequence[Answer], health: Sequence[float]) -> str:
    p50, p95, p99 = percentiles([one.taken for one in answers])
    h50, h95, _ = percentiles(health)
    return f"{p50:.1f} | {p95:.0f} | {p99:.0f} | {h50:.1f} | {h95:.0f}"


def percentiles(taken: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles([*taken, taken[-1]], n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


@contextmanager
def calling(ava: RunningAva) -> Iterator[None]:
    """Twilio hangs, and people go on asking for calls."""
    ava.fault(provider="twilio", kind="hang")
    ended = threading.Event()
    token = str(ava.session.headers["Authorization"])

    def person() -> None:
        wanted = {"to": PERSON, "from": OURS, "say": "Hello"}
        with requests.Session() as session:
            session.headers["Authorization"] = token
            while not ended.wait(0.2):
                session.post(f"{ava.url}/api/v1/twilio/calls", json=wanted, timeout=60)

    people = [threading.Thread(target=person) for _ in range(PEOPLE)]
    for one in people:
        one.start()
    time.sleep(2)
    try:
        yield
    finally:
        ended.set()
        ava.heal()
        for one in people:
            one.join()


def backlog(ava: RunningAva) -> None:
    """Have all webhooks so far worked through once more, by an AVA that has just been started."""
    ava.stop()
    program(ava, "-c", _REPLAY)
    ava.start()


def program(ava: RunningAva, *arguments: str) -> bytes:
    """Run Python with AVA's environment."""
    environment = {"DJANGO_SETTINGS_MODULE": "ava.settings", **ava.environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=BASE_DIR, env=environment, check=True, capture_output=True
    ).stdout


def due(ava: RunningAva) -> int:
    text = requests.get(f"{ava.url}/metrics", timeout=60).text
    lines = (line.split() for line in text.splitlines() if line.startswith("ava_jobs_due"))
    return max(int(float(line[-1])) for line in lines)


def report(ava: RunningAva, answers: Sequence[Answer]) -> int:
    """Say what came of all; the number of acknowledged ones that are not there, or not done."""
    acknowledged = {one.webhook.about for one in answers if one.status in (200, 204)}
    stored: dict[tuple[str, ...], str] = {}

    def settled() -> bool:
        stored.update(deliveries.stored(ava))
        return all(stored.get(about) == "done" for about in acknowledged)

    wait(settled)
    lost = sum(stored.get(about) != "done" for about in acknowledged)
    others = Counter(one.status for one in answers if one.status not in (200, 204))
    print(f"acknowledged {len(acknowledged)}, of these lost {lost}; other answers: {dict(others)}")
    return lost


def wait(happened: Callable[[], bool], seconds: float = 120) -> None:
    give_up = time.monotonic() + seconds
    while not happened() and time.monotonic() < give_up:
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
