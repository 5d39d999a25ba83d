"""AVA, PostgreSQL and Redis: what each has spent, and the memory that each takes."""

import re
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Self

import requests

from benchmarks.peers.running import TICKS, family
from tests.redis import RedisServer
from tests.server import RunningAva

# What is not at its end: calls, messages, jobs due in the next seconds.
_UNDER_WAY = """
SELECT (SELECT count(*) FROM jobs_job WHERE state = 'queued' AND due_at < now() + interval '3 s')
    + (SELECT count(*) FROM telephony_call WHERE status NOT IN
        ('completed', 'busy', 'failed', 'no-answer', 'canceled'))
    + (SELECT count(*) FROM telephony_message WHERE status NOT IN
        ('delivered', 'undelivered', 'failed', 'canceled', 'received', 'read'))
    + (SELECT count(*) FROM integrations_mail WHERE status = 'pending')
"""
_TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_SIZE = f"SELECT sum(pg_total_relation_size(quote_ident(relname)::regclass)) FROM ({_TABLES}) AS t"


@dataclass(frozen=True)
class Spent:
    """Seconds of a clock, processor seconds of each part, and counts."""

    seconds: float
    ava: float
    postgres: float
    redis: float
    statements: float
    commands: float
    rows: float
    bytes: float
    wal: float

    def __sub__(self, other: Self) -> "Spent":
        return Spent(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __add__(self, other: Self) -> "Spent":
        return Spent(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, factor: float) -> "Spent":
        return Spent(*(value * factor for value in astuple(self)))


class Parts:
    """The three, running.

    Args:
        connection: to the database, of its own.
    """

    def __init__(self, ava: RunningAva, connection: Any, redis: RedisServer) -> None:
        self._ava, self._connection, self._redis = ava, connection, redis
        directory = Path(self._one("SHOW data_directory"))
        self._postmaster = int((directory / "postmaster.pid").read_text().split()[0])

    def over(self, work: Callable[[], object]) -> Spent:
        """What is spent while this is done. Asking what was spent is not counted."""
        counted = self._counted()
        processor, began = self._processor(), time.monotonic()
        work()
        seconds = time.monotonic() - began
        used = [now - before for now, before in zip(self._processor(), processor, strict=True)]
        counts = [now - before for now, before in zip(self._counted(), counted, strict=True)]
        return Spent(seconds, *used, *counts)

    def under_way(self) -> bool:
        return bool(self._one(_UNDER_WAY))

    def processes(self) -> float:
        """MiB of AVA's process and the one that started it: their proportional set size."""
        return sum(_mib(pid) for pid in family(self._ava.process.pid))

    def memory(self, fresh: float) -> str:
        """A sentence: what each takes now, after the load."""
        backends = [_mib(pid) for pid in family(self._postmaster) if pid != self._postmaster]
        clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        used = self._redis.client.info("memory")["used_memory"] / 2**20
        return (
            f"Memory (proportional set size): AVA's process and the one that started it "
            f"{fresh:.0f} MiB before all this, {self.processes():.0f} MiB after it; "
            f"{self._one(clients)} connections at PostgreSQL, "
            f"{sum(backends) / len(backends):.0f} MiB each on average; Redis {used:.1f} MiB."
        )

    def _processor(self) -> tuple[float, ...]:
        roots = self._ava.process.pid, self._postmaster, self._redis.process.pid
        return tuple(sum(_ticks(pid) for pid in family(root)) / TICKS for root in roots)

    def _counted(self) -> tuple[float, ...]:
        text = requests.get(f"{self._ava.url}/metrics", timeout=30).text
        found = re.findall(r"^ava_database_statement_duration_seconds_count\S* (\S+)$", text, re.M)
        commands = self._redis.client.info("stats")["total_commands_processed"]
        tables = [name for (name,) in self._connection.execute(_TABLES)]
        rows = sum(self._one(f'SELECT count(*) FROM "{name}"') for name in tables)
        wal = self._one("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        return sum(map(float, found)), commands, rows, float(self._one(_SIZE)), float(wal)

    def _one(self, query: str) -> Any:
        return self._connection.execute(query).fetchone()[0]


def _ticks(pid: int) -> int:
    """Of this process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return sum(map(int, fields[11:15]))


def _mib(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.M)[0]) / 1024
