"""Numbers for worker processes: what is counted under one outlives its holder."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ava import slots
from ava.env import BASE_DIR

LIVES = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from ava import slots

slots.prepare(Path(sys.argv[1]))
from prometheus_client import Counter, Gauge
from ava import scrape

HITS = Counter("hits", "Hits.", ["by"])
BUSY = Gauge("busy", "Busy.", multiprocess_mode="livesum")
HITS.labels("arbiter").inc()

def live(slot, then):
    worker = SimpleNamespace(slot=slot)
    child = os.fork()
    if not child:
        slots.take(None, worker)
        HITS.labels("worker").inc()
        BUSY.set(1)
        then()
        os._exit(0)
    os.waitpid(child, 0)
    return worker

for slot in (0, 1, 0, 0):
    slots.leave(None, live(slot, lambda: None))
live(1, lambda: print(scrape.text().decode(), flush=True))
"""


def test_each_life_under_a_number_goes_on_counting_and_leaves_no_file_more(tmp_path: Path) -> None:
    (tmp_path / "counter_4711.db").write_bytes(b"of an earlier start")
    told = subprocess.run(
        [sys.executable, "-c", LIVES, str(tmp_path)],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert 'hits_total{by="worker"} 5.0' in told
    assert 'hits_total{by="arbiter"} 1.0' in told
    # The dead are busy no more.
    assert "busy 1.0" in told
    assert not [line for line in told if line.startswith(("process_", "python_gc_"))]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "counter_0.db",
        "counter_1.db",
        "counter_arbiter.db",
        "gauge_livesum_1.db",
        "gauge_livesum_arbiter.db",
    ]


@pytest.mark.parametrize(
    ("taken", "given"), [((), 0), ((0,), 1), ((1,), 0), ((0, 1, 3), 2), ((2, 0, 1), 3)]
)
def test_a_new_worker_gets_the_lowest_free_number(taken: tuple[int, ...], given: int) -> None:
    living = {100 + slot: SimpleNamespace(slot=slot) for slot in taken}
    worker = SimpleNamespace(slot=None)
    slots.assign(SimpleNamespace(WORKERS=living), worker)
    assert worker.slot == given


def test_a_single_worker_counts_in_memory_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    slots.not_needed()
    assert slots.directory() is None
