"""A number for each worker process, so that its metrics outlive it without piling up.

With several workers each writes its figures to files of its own, and a scrape reads all of them.
prometheus_client names the files after process ids and never deletes them, as a counter must not go
back: every restart leaves files behind, and every scrape reads them. Here a worker takes the lowest
number that is free and goes on counting where the last holder of that number stopped.
"""

import os
from pathlib import Path
from typing import Any

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
# The process that forks the workers imports AVA, too, and what it counts is kept apart.
_mine = "arbiter"


def prepare(directory: Path) -> None:
    """Count in files of this directory from here on; what an earlier start left there is deleted.

    Called before the first metric is made.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in directory.glob("*.db"):
        left.unlink()
    os.environ[_DIRECTORY] = str(directory)
    import prometheus_client
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: _mine)  # type: ignore[no-untyped-call]  # theirs
    # Memory and processor time of whichever worker answers would be no one's.
    prometheus_client.REGISTRY.unregister(prometheus_client.PROCESS_COLLECTOR)
    prometheus_client.REGISTRY.unregister(prometheus_client.GC_COLLECTOR)


def not_needed() -> None:
    """One process counts in its memory, whatever the environment says."""
    os.environ.pop(_DIRECTORY, None)


def directory() -> Path | None:
    """Where all workers' figures are; None when there is one worker."""
    found = os.environ.get(_DIRECTORY)
    return Path(found) if found else None


def assign(arbiter: Any, worker: Any) -> None:
    """Give a worker the lowest free number, before it is forked (gunicorn's `pre_fork`)."""
    taken = {other.slot for other in arbiter.WORKERS.values()}
    worker.slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)


def take(arbiter: Any, worker: Any) -> None:
    """Count under the worker's number from here on (gunicorn's `post_fork`)."""
    global _mine
    _mine = str(worker.slot)


def leave(arbiter: Any, worker: Any) -> None:
    """Forget what only a living worker has, such as operations under way (`child_exit`)."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.slot)  # type: ignore[no-untyped-call]  # theirs
