"""Background jobs: `manage.py work`, Celery and procrastinate side by side: `script/bench jobs`.

The same jobs, which do nothing, on a PostgreSQL that syncs each commit: how many a second, how
long one waits that comes to idle workers, how long until a killed worker's job is begun again,
and how long none is begun after PostgreSQL or the broker was killed amid a thousand of them.
Prints the table and writes it to docs/BENCHMARKS.md.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import PAGE
from benchmarks.job_trial import GIVE_UP_SECONDS, MANY, SINGLES, Contender, Trial
from benchmarks.peers.running import ENVIRONMENT, INSTALL
from benchmarks.table import fill, versions
from tests.postgres_server import PostgresServer
from tests.redis import RedisServer

AVA = (sys.executable, "-m", "benchmarks.work")
PEER = (str(ENVIRONMENT / "bin" / "python"), "-m", "benchmarks.peers.procrastination")
CELERY = (
    *(sys.executable, "-m", "celery", "-A", "ava", "worker", "-I", "benchmarks.work"),
    *("--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


CONTENDERS = (
    Contender("`manage.py work`", AVA, (*AVA, "work")),
    Contender("two of `manage.py work`", AVA, (*AVA, "work"), workers=2),
    Contender("Celery, sent by `manage.py work`", AVA, CELERY, (*AVA, "work")),
    Contender("procrastinate", PEER, (*PEER, "work")),
    Contender("two of procrastinate", PEER, (*PEER, "work"), workers=2),
)


def main() -> int:
    if not (ENVIRONMENT / "bin" / "procrastinate").exists():
        print(f"procrastinate is not installed: {INSTALL}", file=sys.stderr)
        return 1
    load = os.getloadavg()[0]
    rows = [_row(contender) for contender in CONTENDERS]
    text = "\n".join(
        (
            f"{versions('django', 'celery')}, procrastinate {_peer_version()}. {MANY:,} jobs, then "
            f"{SINGLES} single ones; load average of the machine before: {load:.0f} on "
            f"{os.cpu_count()} cores.",
            "",
            "| | jobs/s | until one begins, ms: p50 / p99 | begun again after kill -9 "
            "| longest pause after kill -9 of PostgreSQL | of Redis |",
            "|---|---|---|---|---|---|",
            *rows,
        )
    )
    print(text)
    fill(PAGE, "jobs", text)
    return 0


def _row(contender: Contender) -> str:
    with (
        PostgresServer(durable=True) as database,
        RedisServer() as broker,
        tempfile.TemporaryDirectory() as directory,
    ):
        found = Trial(contender, Path(directory), database, broker).measure()
    p50, p99 = (statistics.quantiles(found.waits, n=100)[n] * 1000 for n in (49, 98))
    ends = [_shown(found.lost), _shown(found.after_database, "not all")]
    ends.append(_shown(found.after_broker, "not all") if contender.sender else "not used")
    row = f"| {contender.name} | {found.rate:.0f} | {p50:.0f} / {p99:.0f} | {' | '.join(ends)} |"
    print(row, flush=True)
    return row


def _shown(seconds: float | None, otherwise: str = f"not within {GIVE_UP_SECONDS} s") -> str:
    return f"{seconds:.1f} s" if seconds is not None else otherwise


def _peer_version() -> str:
    code = "import procrastinate; print(procrastinate.__version__)"
    return subprocess.check_output([PEER[0], "-c", code], text=True).strip()


if __name__ == "__main__":
    sys.exit(main())
