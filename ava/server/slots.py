"""Numbers for worker processes, so that a worker's metrics outlive it without piling up.

With several workers each writes its figures to files of its own, and a scrape reads all of them.
prometheus_client names the files after process ids and never deletes them, as a counter must not go
back. Here a worker takes the lowest free number and goes on counting where its last holder stopped.
"""

import fcntl
import os
from itertools import count
from pathlib import Path

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_FILE_BYTES = 1 << 20
"""Size that prometheus_client gives a file at first."""
# The process that forks the workers imports AVA, too, and what it counts is kept apart.
_mine = "arbiter"
# The lock file of this worker's number, kept open: the system unlocks it when the worker ends.
_lock = -1


def prepare(directory: Path | None) -> None:
    """Count in files of this directory from here on; without one, in this process' memory.

    What an earlier start left there is deleted. Called before the first metric is made.
    """
    if directory is None:
        os.environ.pop(_DIRECTORY, None)
        return
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


def directory() -> Path | None:
    """Directory of all workers' figures; None when there is one worker."""
    found = os.environ.get(_DIRECTORY)
    return Path(found) if found else None


def claim_slot() -> int | None:
    """Count under the lowest number that no living worker has, which is returned, from here on."""
    global _mine, _lock
    place = directory()
    if place is None:
        return None
    _lock, slot = next(found for slot in count() if (found := _locked(place, slot)))
    from prometheus_client import multiprocess

    # Only a living worker has operations under way: its predecessor's are gone.
    multiprocess.mark_process_dead(slot)  # type: ignore[no-untyped-call]  # theirs
    for file in place.glob(f"*_{_mine}.db"):
        _allocate(file.with_name(file.name.replace(_mine, str(slot))))
    _mine = str(slot)
    return slot


def _allocate(file: Path) -> None:
    """Take the room of a file before it is mapped: a page for which a full disk has none left ends
    the process that touches it (SIGBUS)."""
    opened = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
    os.posix_fallocate(opened, 0, max(os.fstat(opened).st_size, _FILE_BYTES))
    os.close(opened)


def _locked(place: Path, slot: int) -> tuple[int, int] | None:
    """The number with its lock, unless another process has it."""
    lock = os.open(place / f"{slot}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock, slot
