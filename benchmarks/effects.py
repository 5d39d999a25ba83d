"""Effect of a job of `benchmarks.jobs`: a line in a file, with the time at which it began."""

import os
import time
from pathlib import Path

EFFECTS = "BENCHMARK_EFFECTS"


def note(number: int) -> None:
    """Append a line, whole even when many processes do so."""
    with Path(os.environ[EFFECTS]).open("a") as effects:
        effects.write(f"{number} {time.time()}\n")
