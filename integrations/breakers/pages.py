"""Page of providers: how fast each answered, and when it could not be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from ava import upstream
from ava.console import charts
from ava.console.charts import Chart, Series
from ava.console.views import page, render, user_of
from integrations.breakers import history
from integrations.breakers.history import DAYS, HOUR, HOURS, Attempt, Outage

_MOST_SHOWN: Final = 20  # outages of one provider


@dataclass(frozen=True)
class Drawn:
    name: str  # in the address of its CSV
    title: str
    by: str
    labels: Sequence[str]
    series: Sequence[Series]

    @property
    def csv(self) -> str:
        return f"{reverse('providers')}?csv={self.name}"

    @property
    def chart(self) -> Chart:
        return charts.columns(self.labels, self.series)


@dataclass(frozen=True)
class Provider:
    """`half` and `most`: milliseconds of half, and of 95 % of the attempts."""

    name: str
    attempts: int
    failed: int
    half: float
    most: float
    charts: Sequence[Drawn]
    outages: Sequence[Outage]

    @property
    def shown(self) -> Sequence[Outage]:
        return self.outages[:_MOST_SHOWN]


@dataclass(frozen=True)
class ProvidersPage:
    title: str
    providers: Sequence[Provider]
    hours: int = HOURS
    days: int = DAYS


@page()
def providers(request: HttpRequest) -> HttpResponse:
    """All of them; the numbers of the chart that `csv` names as a file."""
    now = timezone.localtime()
    sent, down = history.attempts(user=user_of(request), now=now), history.outages(now=now)
    found = [
        _provider(label, name, sent.get(name, ()), down.get(label, ()), now)
        for label, name in ((door.service.label, door.service.name) for door in upstream.doors())
        if name in sent or label in down
    ]
    for drawn in (drawn for each in found for drawn in each.charts):
        if request.GET.get("csv") == drawn.name:
            return charts.download(f"{drawn.name}.csv", drawn.by, drawn.labels, drawn.series)
    return render(request, "settings/providers.html", ProvidersPage("How providers answer", found))


def _provider(
    label: str, name: str, sent: Sequence[Attempt], down: Sequence[Outage], now: datetime
) -> Provider:
    whole = history.speed([each.ms for each in sent]) if sent else history.Speed(0, 0)
    drawn = [_latency(label, sent, now)] if sent else []
    return Provider(
        name=name,
        attempts=len(sent),
        failed=sum(each.failed for each in sent),
        half=whole.half,
        most=whole.most,
        charts=[*drawn, _outages(label, down, now)] if down else drawn,
        outages=down,
    )


def _latency(label: str, sent: Sequence[Attempt], now: datetime) -> Drawn:
    speeds = history.by_hour(sent, now=now)
    half = [round(each.half) if each else 0 for each in speeds]
    most = [round(each.most) if each else 0 for each in speeds]
    rest = [high - low for low, high in zip(half, most, strict=True)]
    return Drawn(
        f"{label}-latency",
        "Milliseconds until the answer, by hour",
        "Hour until",
        [f"{now - HOUR * (HOURS - 1 - place):%H:%M}" for place in range(HOURS)],
        [Series("half of them", "accent", half), Series("more, 95 % of them", "waiting", rest)],
    )


def _outages(label: str, down: Sequence[Outage], now: datetime) -> Drawn:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=each) for each in range(DAYS)][::-1]
    minutes = [
        round(
            sum(
                each.overlap(day, day + timedelta(days=1), now) / timedelta(minutes=1)
                for each in down
            ),
            1,
        )
        for day in days
    ]
    return Drawn(
        f"{label}-outages",
        "Minutes in which AVA did not ask, by day",
        "Day",
        [day.date().isoformat() for day in days],
        [Series("minutes", "bad", minutes)],
    )
