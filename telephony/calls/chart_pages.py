"""Page of charts of calls: by day and outcome, cost by assistant and number; each as CSV, too."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from ava.console import charts
from ava.console.charts import Chart, Series
from ava.console.views import page, render, user_of
from ava.console.writing import phone, symbol
from telephony.calls.figures import ANSWERED, FAILED, MOST, OPEN, UNANSWERED, Figures, figures
from vapi_settings import queries as vapi

DAYS: Final = (14, 30, 90)
_COLUMNS: Final = 6  # of costs; the rest is the last one
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ROOM: Final = 16  # characters
_TONES: Final = {ANSWERED: "good", UNANSWERED: "waiting", FAILED: "bad", OPEN: "unknown"}


@dataclass(frozen=True)
class Drawn:
    """A chart, with what its table and its CSV call the rows."""

    name: str
    title: str
    by: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str
    csv: str

    @property
    def chart(self) -> Chart:
        whole = charts.columns(self.labels, self.series, unit=self.unit)
        return replace(whole, labels=[replace(one, text=_short(one.text)) for one in whole.labels])

    @property
    def is_empty(self) -> bool:
        return not any(any(each.values) for each in self.series)


@dataclass(frozen=True)
class ChartsPage:
    title: str
    days: int
    choices: Sequence[int]
    charts: Sequence[Drawn]
    most: str
    found: Figures

    @property
    def is_empty(self) -> bool:
        return not self.found.outcomes


@page()
def calls(request: HttpRequest) -> HttpResponse:
    """The charts of the last days; the numbers of the one that `csv` names as a file."""
    user, now = user_of(request), timezone.localtime()
    wanted = request.GET.get("days", "")
    days = next((each for each in DAYS if str(each) == wanted), DAYS[1])
    first = now.date() - timedelta(days=days - 1)
    found = figures(user=user, since=datetime.combine(first, time(), now.tzinfo))
    names = vapi.names(user) if any(found.by_assistant) else {}
    unit = found.currency

    def assistant(key: str) -> str:
        return names.get(key, key) or "No assistant"

    here = f"{reverse('call-charts')}?days={days}&csv="
    drawn = [
        _by_day(found, [first + timedelta(days=each) for each in range(days)], here),
        _costs("assistants", "Assistant", found.by_assistant, assistant, unit, here),
        _costs("numbers", "Number", found.by_number, phone, unit, here),
    ]
    for each in drawn:
        if request.GET.get("csv") == each.name:
            return charts.download(f"calls-{each.name}.csv", each.by, each.labels, each.series)
    return render(
        request,
        "calls/charts.html",
        ChartsPage("Charts of calls", days, DAYS, drawn, f"{MOST:,}", found),
    )


def _by_day(found: Figures, days: Sequence[date], here: str) -> Drawn:
    series = [
        Series(name, tone, [found.outcomes.get(day, {}).get(name, 0) for day in days])
        for name, tone in _TONES.items()
    ]
    return Drawn(
        "days",
        "Calls by day",
        "Day",
        [day.isoformat() for day in days],
        [each for each in series if each.name != OPEN or any(each.values)],
        "",
        f"{here}days",
    )


def _costs(
    name: str,
    by: str,
    found: Mapping[str, Decimal],
    word: Callable[[str], str],
    currency: str,
    here: str,
) -> Drawn:
    ranked = sorted(found.items(), key=lambda each: -each[1])
    labels = [word(key) for key, _ in ranked[:_COLUMNS]]
    values = [float(cost) for _, cost in ranked[:_COLUMNS]]
    if rest := ranked[_COLUMNS:]:
        labels.append(f"{len(rest)} others")
        values.append(float(sum(cost for _, cost in rest)))
    series = [Series(f"cost in {currency}", "accent", values)]
    title = f"Cost by {by.lower()}"
    return Drawn(name, title, by, labels, series, symbol(currency), f"{here}{name}")


def _short(label: str) -> str:
    """What has room below a column: of a day its month and day."""
    if _DAY.fullmatch(label):
        return label[5:]
    return label if len(label) <= _ROOM else f"{label[: _ROOM - 1]}…"
