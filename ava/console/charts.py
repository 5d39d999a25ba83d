"""Charts as SVG made on the server: columns by day, stacked by what became of them; and as CSV."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse

WIDTH, HEIGHT = 720, 180
_LEFT, _BOTTOM, _TOP = 40, 20, 8
_GAP = 0.3  # of a column's room
_WIDEST = 64
_MOST_LABELS = 12
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Series:
    """One colour of the columns. `tone` is one of `ava.console.states`, or "accent"."""

    name: str
    tone: str
    values: Sequence[float]


@dataclass(frozen=True)
class Segment:
    x: float
    y: float
    width: float
    height: float
    tone: str
    title: str


@dataclass(frozen=True)
class Label:
    at: float
    text: str


@dataclass(frozen=True)
class Row:
    """A line of the chart's table."""

    label: str
    values: Sequence[str]


@dataclass(frozen=True)
class Chart:
    """What `ui/chart.html` draws."""

    series: Sequence[Series]
    segments: Sequence[Segment]
    ticks: Sequence[Label]
    labels: Sequence[Label]
    rows: Sequence[Row]
    width: int = WIDTH
    height: int = HEIGHT
    base: float = HEIGHT - _BOTTOM
    left: int = _LEFT


def columns(labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> Chart:
    """Stacked columns, one for each label.

    Args:
        series: each has a value, from 0 up, for each label.
        unit: stands before numbers: "$".
    """
    totals = [sum(each.values[place] for each in series) for place in range(len(labels))]
    top = _round_up(max(totals, default=0), least=0.01 if unit else 1)
    room = (WIDTH - _LEFT) / max(1, len(labels))
    wide = min(room * (1 - _GAP), _WIDEST)
    scale = (HEIGHT - _BOTTOM - _TOP) / top
    segments = []
    for place, label in enumerate(labels):
        y = float(HEIGHT - _BOTTOM)
        for each in series:
            height = each.values[place] * scale
            y -= height
            if height:
                title = f"{label}: {_written(each.values[place], unit)} {each.name}"
                x = _LEFT + room * (place + 0.5) - wide / 2
                segments.append(Segment(x, y, wide, height, each.tone, title))
    step = math.ceil(len(labels) / _MOST_LABELS)
    return Chart(
        series=series,
        segments=segments,
        ticks=[
            Label(HEIGHT - _BOTTOM - part * top * scale, _written(part * top, unit))
            for part in (0, 0.5, 1)
        ],
        labels=[
            Label(_LEFT + room * (place + 0.5), label)
            for place, label in enumerate(labels)
            if place % step == 0
        ],
        rows=[
            Row(label, [_written(each.values[place], unit) for each in series])
            for place, label in enumerate(labels)
        ],
    )


def download(
    filename: str, by: str, labels: Sequence[str], series: Sequence[Series]
) -> HttpResponse:
    """The numbers as a CSV file. What a spreadsheet would take for a formula is a text there."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    writer = csv.writer(response)
    writer.writerow([by, *(each.name for each in series)])
    for place, label in enumerate(labels):
        safe = f"'{label}" if label[:1] in _FORMULA else label
        writer.writerow([safe, *(f"{each.values[place]:.10g}" for each in series)])
    return response


def _round_up(most: float, *, least: float) -> float:
    """The next round number, whose half is round, too.

    Args:
        least: the step between two values: one, or a cent.
    """
    if most <= 2 * least:
        return 2.0 * least
    power = 10.0 ** math.floor(math.log10(most))
    steps = (2, 4, 6, 8, 10) if power == least else (1, 2, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if step * power >= most)


def _written(value: float, unit: str) -> str:
    text = f"{value:,.2f}" if unit or value != int(value) else f"{int(value):,}"
    return f"{unit}{text}"
