"""Waterfall of a story: what took time, as bars on one time line; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ava.activity.verdict import Happening

NARROWEST: Final = 0.6  # hundredths of the whole: a bar is to be seen
PAUSE: Final = 60_000.0
"""Milliseconds; what begins longer after all else had ended is a later look at it, and no part of
what took time."""


@dataclass(frozen=True)
class Bar:
    """Start and width are in hundredths of the whole."""

    of: Happening
    start: float
    width: float


def waterfall(entries: Sequence[Happening]) -> tuple[list[Bar], float]:
    """Bars of those that took time, and how many milliseconds they take in all."""
    timed = [(one, one.duration_ms) for one in entries if one.duration_ms is not None]
    if not timed:
        return [], 0.0
    first = min(one.at for one, _ in timed)
    spans = [(one, (one.at - first) / timedelta(milliseconds=1), ms) for one, ms in timed]
    whole, seen = 0.0, []
    for one, after, ms in sorted(spans, key=lambda span: span[1]):
        if after > whole + PAUSE:
            break
        seen.append((one, after, ms))
        whole = max(whole, after + ms)
    total = max(whole, 1.0)
    bars = []
    for one, after, ms in seen:
        width = max(100 * ms / total, NARROWEST)
        bars.append(Bar(one, max(min(100 * after / total, 100 - width), 0.0), width))
    return bars, whole
