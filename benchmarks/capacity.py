"""What a request costs each part of AVA, and what a load needs: `script/bench capacity`.

AVA in one process, PostgreSQL that syncs each commit, Redis; the sandbox plays the providers.
Each kind of request is asked for by eight clients, and counts until nothing of it is under way any
more: its jobs, and what the providers tell of it afterwards. Processor time, which other work on
the machine makes longer only where it takes caches away. Prints the tables and writes them to
docs/OPERATIONS.md.
"""

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import loads
from benchmarks.capacity_parts import Parts, Spent
from benchmarks.loads import Load
from benchmarks.table import versions
from benchmarks.webhooks import SECRET
from tests import postgres
from tests.redis import RedisServer
from tests.server import RunningAva

PAGE = Path(__file__).parent.parent / "docs" / "OPERATIONS.md"
BEGIN, END = "<!-- capacity -->", "<!-- /capacity -->"
IDLE_SECONDS = 15

MIX = {
    "read from a copy": 70,
    "read of Vapi": 8,
    "edit of a setting": 2,
    "list of 50": 5,
    "page of the console": 5,
    "message": 2,
    "call": 1,
    "mail": 1,
    "webhook": 6,
}
"""Of 100 requests; what a message, a call or a mail leads to is in its cost."""


def main() -> int:
    before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as directory,
        postgres.running(durable=True) as database,
        RedisServer() as redis,
        served(Path(directory) / "var", database, redis) as ava,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        parts = Parts(ava, connection, redis)
        fresh = parts.processes()
        idle = parts.over(lambda: time.sleep(IDLE_SECONDS))
        costs = {load.name: cost(parts, load, idle) for load in loads.of(ava)}
        memory = parts.memory(fresh)
    text = "\n\n".join(
        (
            f"{versions('django', 'granian', 'psycopg')}. Load average of the machine before: "
            f"{before:.0f} on {os.cpu_count()} cores.",
            costs_table(costs),
            memory,
            needs_table(costs),
        )
    )
    print(text)
    pattern = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", PAGE.read_text()))
    return 0


@contextmanager
def served(directory: Path, database: str, redis: RedisServer) -> Iterator[RunningAva]:
    """AVA as in production, with an account at each provider and a sandbox of its own."""
    ava = RunningAva(
        directory,
        hook="from ava import jobs; jobs.register('noop', lambda payload: None)",
        MALLOC_ARENA_MAX="1",
        RATE_LIMIT_PER_MINUTE="1000000",
        DATABASE_URL=database,
        REDIS_URL=redis.plain_url,
    )
    ava.environment["AVA_PUBLIC_URL"] = ava.url
    ava.start_sandbox()
    with ava:
        ava.login()
        keys = {"api_key": "vapi-demo-key", "webhook_secret": SECRET}
        assert ava.call("PUT", "/integrations/vapi/credentials", json=keys).ok
        yield ava


def cost(parts: Parts, load: Load, idle: Spent) -> Spent:
    """What one of these costs, without what AVA does anyway."""
    with ThreadPoolExecutor(load.clients) as clients:

        def ask(count: int) -> None:
            list(clients.map(load.ask, range(count)))
            load.settle(parts.under_way)

        ask(load.clients)  # what only the first ones pay
        spent = parts.over(lambda: ask(load.count))
    print(f"{load.name}: {load.count} in {spent.seconds:.1f} s", file=sys.stderr, flush=True)
    return (spent - idle * (spent.seconds / idle.seconds)) * (1 / (load.count * load.each))


def costs_table(costs: dict[str, Spent]) -> str:
    rows = [
        "| processor time of one | AVA, ms | PostgreSQL, ms | Redis, ms | statements "
        "| Redis commands | rows | KiB of them | KiB of WAL |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in costs.items():
        processor = (1000 * value for value in (one.ava, one.postgres, one.redis))
        counts = (one.statements, one.commands, one.rows, one.bytes / 1024, one.wal / 1024)
        # What AVA does anyway is taken off, and may be a little more than there is.
        cells = [f"{max(value, 0):.2f}" for value in processor]
        cells += [f"{max(value, 0):.1f}" for value in counts]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def needs_table(costs: dict[str, Spent]) -> str:
    """Cores, and what is written, of the mix at several rates."""
    mixed = costs["read from a copy"] * 0
    for name, share in MIX.items():
        mixed += costs[name] * (share / 100)
    said = ", ".join(f"{share} {name}" for name, share in MIX.items())
    rows = [
        f"The mix, of 100 requests: {said}.",
        "",
        "| requests/s | cores of AVA | of PostgreSQL | of Redis | statements/s | Redis commands/s "
        "| rows/day | GiB/day | WAL, MiB/s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for rate in (100, 1_000, 10_000, 100_000):
        one = mixed * rate
        day = one * 86_400
        cells = (
            f"{one.ava:,.1f} | {one.postgres:,.1f} | {one.redis:,.2f}",
            f"{one.statements:,.0f} | {one.commands:,.0f} | {day.rows / 1e6:,.1f} million",
            f"{day.bytes / 2**30:,.1f} | {one.wal / 2**20:,.1f}",
        )
        rows.append(f"| {rate:,} | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
