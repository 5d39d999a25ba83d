"""The table of a soak: each fault, what was promised, what was seen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.faults import ALWAYS, Fault
from tests.faults.ledger import NO_ANSWER, Attempt

_NO_ANSWERS = (0, 401, 500, 502, 503, 504)


@dataclass(frozen=True)
class Outcome:
    """What clients saw of one fault.

    Attributes:
        attempts: those under way while it lasted, or begun before the next one.
        ended: when all was mended; monotonic seconds.
        skipped: why it was not played here.
    """

    fault: Fault
    attempts: Sequence[Attempt]
    ended: float
    skipped: str = ""

    @property
    def recovery(self) -> float:
        """Seconds from its end to the beginning of the last request that went wrong; one that was
        told that another is under way did not."""
        errors = (one for one in self.attempts if one.status in _NO_ANSWERS)
        late = [one.began - self.ended for one in errors]
        return max([0.0, *late])

    @property
    def broken(self) -> list[str]:
        """The promises that did not hold, in words."""
        if self.skipped:
            return []
        seen = self._seen()
        allowed = self.fault.may | ALWAYS
        found = [f"{n} x {code}" for code, n in seen.items() if code not in allowed]
        found += sorted({one.offence for one in self.attempts if one.offence})
        if self.recovery > self.fault.recovers_in:
            found.append(f"the last error {self.recovery:.1f} s after the end")
        if not any(one.is_good and one.began > self.ended for one in self.attempts):
            found.append("not one good answer since")
        return found

    def row(self) -> str:
        fault = self.fault
        if self.skipped:
            return f"| {fault.name} | {fault.promise} | not tried: {self.skipped} |"
        slowest = _slowest(self.attempts)
        alive = _slowest([one for one in self.attempts if one.kind == "liveness"])
        errors = ", ".join(f"{n} {_shown(code)}" for code, n in sorted(self._seen().items()))
        seen = f"{len(self.attempts):,} requests: {errors or 'no error'}; slowest {slowest:.1f} s"
        seen += f", `/healthz` {alive:.1f} s"
        if errors:
            seen += f"; last error {self.recovery:.1f} s after"
        verdict = f"; **broken**: {'; '.join(self.broken)}" if self.broken else ""
        return f"| {fault.name}, {fault.seconds:.0f} s | {fault.promise} | {seen}{verdict} |"

    def _seen(self) -> Counter[str]:
        return Counter(
            one.code.partition(":")[0] or str(one.status)
            for one in self.attempts
            if not one.is_good
        )


def _slowest(attempts: Sequence[Attempt]) -> float:
    return max((one.ended - one.began for one in attempts), default=0.0)


def _shown(code: str) -> str:
    return code if code == NO_ANSWER else f"`{code}`"


def table(outcomes: Sequence[Outcome]) -> str:
    head = "| fault | clients may see | seen |\n|---|---|---|\n"
    return head + "\n".join(outcome.row() for outcome in outcomes)
