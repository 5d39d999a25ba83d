"""Leaks: what AVA's processes hold when nobody asks anything, before and after."""

import time
from dataclasses import dataclass, fields
from pathlib import Path

import psycopg

from tests.faults.deployment import Deployment

MORE_MEMORY, MORE_MIB = 1.3, 40
MORE_OF_OTHERS = 20
"""Of threads and connections that come and go; a leak of one for each request is thousands."""
SETTLE_SECONDS = 90
"""Connections to the database are kept for a minute."""


@dataclass(frozen=True)
class Held:
    """All of AVA's processes together."""

    memory_mib: int
    descriptors: int
    threads: int
    postgres_connections: int
    redis_connections: int

    def leaks(self, before: "Held") -> list[str]:
        """What is more than before, beyond what comes and goes."""
        found = []
        for name, then, now in zip(_NAMES, before.counts(), self.counts(), strict=True):
            most = then + MORE_OF_OTHERS
            if name == "memory_mib":
                most = round(max(then * MORE_MEMORY, then + MORE_MIB))
            if now > most:
                found.append(f"{name.replace('_', ' ')}: {then} before, {now} after")
        return found

    def counts(self) -> list[int]:
        return [getattr(self, name) for name in _NAMES]


_NAMES = [field.name for field in fields(Held)]


def held(ava: Deployment) -> Held:
    pids = {ava.process.pid, ava.worker.pid, *ava.workers()}
    status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    with psycopg.connect(ava.postgres.url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        [row] = connection.execute(query).fetchall()
    return Held(
        memory_mib=sum(_figure(text, "VmRSS") for text in status) // 1024,
        descriptors=sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in pids),
        threads=sum(_figure(text, "Threads") for text in status),
        postgres_connections=row[0] - 1,
        redis_connections=len(ava.redis.client.client_list()) - 1,
    )


def settled(ava: Deployment, before: Held) -> Held:
    """What is held as soon as there is no leak, compared with before, or after a while."""
    give_up = time.monotonic() + SETTLE_SECONDS
    while True:
        now = held(ava)
        if not now.leaks(before) or time.monotonic() > give_up:
            return now
        time.sleep(2)


def _figure(status: str, name: str) -> int:
    [line] = [line for line in status.splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1])
