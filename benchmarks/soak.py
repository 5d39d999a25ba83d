"""Load and faults: `script/soak [MINUTES]`, which writes its table to docs/OPERATIONS.md.

Exit code 1: something that was promised did not hold.
"""

import signal
import sys
from functools import partial

from ava.conf.env import BASE_DIR
from benchmarks.table import fill
from tests.faults.catalogue import FAULTS
from tests.faults.deployment import deployed
from tests.faults.soak import soak

PAGE = BASE_DIR / "docs" / "OPERATIONS.md"
MINUTES = 5.0
LEAST_CALM = 8.0


def main(minutes: float = MINUTES) -> int:
    # All that it has started ends with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    lasting = sum(fault.seconds for fault in FAULTS)
    calm = max(LEAST_CALM, (60 * minutes - lasting) / (len(FAULTS) + 1))
    with deployed() as ava:
        report = soak(ava, FAULTS, calm=calm, tell=partial(print, flush=True))
    print(f"\n{report.text()}\n")
    fill(PAGE, "soak", report.text())
    for sentence in report.broken:
        print(sentence)
    print(f"{len(report.broken)} promises broken")
    return int(bool(report.broken))


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
