"""Clock that a file sets, inside the processes under test: it jumps, measured time goes on."""

import os
import threading
import time
from pathlib import Path

import time_machine

_LOOK_SECONDS = 0.1


def follow(path: str) -> None:
    """Be as many seconds fast as the file says, in this process and those that it forks."""

    def start() -> None:
        threading.Thread(target=_watch, args=(Path(path),), name="clock", daemon=True).start()

    os.register_at_fork(after_in_child=start)
    start()


def _watch(file: Path) -> None:
    ahead, travel = 0, None
    while True:
        wanted = int(file.read_text())
        if wanted != ahead:
            if travel:
                travel.stop()
            travel = time_machine.travel(time.time() + wanted) if wanted else None
            if travel:
                travel.start()
            ahead = wanted
        time.sleep(_LOOK_SECONDS)
