"""Soak: load and faults, one after the other, then the comparison."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.table import versions
from tests.faults import account, leaks, table
from tests.faults.clients import Clients
from tests.faults.deployment import Deployment
from tests.faults.errands import mixed
from tests.faults.faults import Fault
from tests.faults.leaks import Held
from tests.faults.ledger import Ledger
from tests.faults.table import Outcome
from tests.faults.traffic import THREADS, Traffic, capacity

SHARE = 0.7
CLIENTS = 8
WARM_SECONDS, MEASURED_SECONDS = 4, 8


@dataclass(frozen=True)
class Report:
    """What came of a soak."""

    load: float
    rate: float
    most: float
    outcomes: Sequence[Outcome]
    acknowledged: dict[str, int]
    wrong: Sequence[str]
    before: Held
    after: Held

    @property
    def broken(self) -> list[str]:
        """All that was promised and did not hold, in a sentence each."""
        found = [f"{one.fault.name}: {what}" for one in self.outcomes for what in one.broken]
        return [*found, *self.wrong, *self.after.leaks(self.before)]

    def text(self) -> str:
        kept = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(self.acknowledged.items()))
        held = " | ".join(
            f"{then} / {now}"
            for then, now in zip(self.before.counts(), self.after.counts(), strict=True)
        )
        return "\n".join(
            (
                f"{versions('django', 'granian')}; {self.rate:.0f} errands a second, 70 % of the "
                f"{self.most:.0f} that {CLIENTS} clients got done without a pause; load average of "
                f"the machine before: {self.load:.0f} on {os.cpu_count()} cores.",
                "",
                table.table(self.outcomes),
                "",
                f"Acknowledged: {kept}. Lost, doubled or never ended: {len(self.wrong)}.",
                "",
                "| before / after | memory, MiB | descriptors | threads | PostgreSQL | Redis |",
                "|---|---|---|---|---|---|",
                f"| all processes | {held} |",
            )
        )


def soak(
    ava: Deployment,
    faults: Sequence[Fault],
    *,
    calm: float,
    tell: Callable[[str], object] = str,
    seed: int = 1,
) -> Report:
    """Play the faults one after the other under load, then compare.

    Args:
        calm: seconds between two of them, more where one takes longer to recover.
        tell: is told how far it is.
    """
    load = os.getloadavg()[0]
    ledger, errands = Ledger(), mixed(ava.url, seed)
    shared = Clients(ava.url, ledger)
    # As many at once as there will be: each thread of AVA's keeps a connection.
    capacity(shared, errands, clients=THREADS, seconds=WARM_SECONDS)
    most = capacity(shared, errands, clients=CLIENTS, seconds=MEASURED_SECONDS)
    before = leaks.held(ava)
    with Traffic(shared, errands, SHARE * most):
        time.sleep(calm)
        outcomes = []
        for fault in faults:
            outcomes.append(_play(ava, ledger, fault, calm))
            tell(outcomes[-1].row())
    tell("waiting until all has ended")
    account.settle(ava)
    wrong = account.wrong(ava, ledger)
    told = {kind: len(marks) for kind, marks in ledger.told.items()}
    after = leaks.settled(ava, before)
    return Report(load, SHARE * most, most, outcomes, told, wrong, before, after)


def _play(ava: Deployment, ledger: Ledger, fault: Fault, calm: float) -> Outcome:
    if fault.needs in ava.machine.lacks:
        return Outcome(fault, (), 0.0, skipped=ava.machine.lacks[fault.needs])
    began = time.monotonic()
    with fault.play(ava):
        time.sleep(fault.seconds)
    ended = time.monotonic()
    # What may still be seen of it is not taken for the next one's.
    time.sleep(max(calm, fault.recovers_in + 1))
    return Outcome(fault, ledger.between(began, time.monotonic()), ended)
