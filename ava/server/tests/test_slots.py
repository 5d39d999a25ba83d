"""Numbers for worker processes: what is counted under one outlives its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from ava.conf.env import BASE_DIR
from ava.server import slots

LIVES = """
import os, sys
from pathlib import Path
from ava.server import slots

slots.prepare(Path(sys.argv[1]))
from prometheus_client import Counter, Gauge
from ava.observability import scrape

HITS = Counter("hits", "Hits.", ["by"])
BUSY = Gauge("busy", "Busy.", multiprocess_mode="livesum")
HITS.labels("arbiter").inc()

def live(then):
    child = os.fork()
    if not child:
        slots.claim_slot()
        HITS.labels("worker").inc()
        BUSY.set(1)
        then()
        os._exit(0)
    os.waitpid(child, 0)

live(lambda: None)
live(lambda: live(lambda: None))
live(lambda: None)
live(lambda: live(lambda: print(scrape.text().decode(), flush=True)))
"""


@pytest.mark.slow
def test_each_life_under_a_number_goes_on_counting_and_leaves_no_file_more(tmp_path: Path) -> None:
    (tmp_path / "counter_4711.db").write_bytes(b"of an earlier start")
    scraped = subprocess.run(
        [sys.executable, "-c", LIVES, str(tmp_path)],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert 'hits_total{by="worker"} 6.0' in scraped
    assert 'hits_total{by="arbiter"} 1.0' in scraped
    # The dead are busy no more: two live.
    assert "busy 2.0" in scraped
    assert not [line for line in scraped if line.startswith(("process_", "python_gc_"))]
    assert all(file.stat().st_blocks * 512 >= 1 << 20 for file in tmp_path.glob("*_0.db"))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "0.lock",
        "1.lock",
        "counter_0.db",
        "counter_1.db",
        "counter_arbiter.db",
        "gauge_livesum_0.db",
        "gauge_livesum_1.db",
        "gauge_livesum_arbiter.db",
    ]


@pytest.mark.slow
def test_a_worker_that_starts_beside_others_takes_the_lowest_number_that_is_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    command = [
        sys.executable,
        "-c",
        "from ava.server import slots; print(slots.claim_slot(), flush=True); input()",
    ]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def number(worker: subprocess.Popen[str]) -> str:
        assert worker.stdout is not None
        return worker.stdout.readline().strip()

    workers = [start() for _ in range(3)]
    numbered = {number(worker): worker for worker in workers}
    assert set(numbered) == {"0", "1", "2"}
    killed = numbered.pop("1")
    killed.kill()
    killed.communicate()
    successor = start()
    assert number(successor) == "1"
    for worker in (*numbered.values(), successor):
        worker.communicate("")


def test_a_single_worker_counts_in_memory_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    slots.prepare(None)
    assert slots.directory() is None
