"""Samples for /styleguide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms

from ava.console import charts
from ava.console.charts import Chart, Series
from ava.console.lists import Chip
from ava.console.states import Tone
from ava.console.typed import TypedName


@dataclass(frozen=True)
class Entry:
    icon: str
    title: str
    at: datetime
    detail: str = ""
    tone: Tone = "good"
    is_now: bool = False


@dataclass(frozen=True)
class Span:
    """A bar of a waterfall; start and width in hundredths of the whole."""

    name: str
    ms: int
    start: float
    width: float
    detail: str = ""
    tone: Tone = "good"


@dataclass(frozen=True)
class Row:
    place: int
    at: datetime
    number: str
    assistant: str
    status: str
    seconds: int | None
    price: float | None


@dataclass(frozen=True)
class Filtered:
    """What stands above the rows of a list."""

    faults: Sequence[str] = ("since: Use a date such as 2026-12-24.",)
    chips: Sequence[Chip] = (Chip("failed", "#choices"), Chip("since 24 Nov", "#choices"))
    count: str = "4 calls"
    address: str = "#choices"


@dataclass(frozen=True)
class StyleGuide:
    title: str
    states: Sequence[str]
    timeline: Sequence[Entry]
    spans: Sequence[Span]
    rows: Sequence[Row]
    row: Row | None
    form: "Sample"
    wrong: "Sample"
    long_ago: datetime
    chart: Chart
    sure: TypedName
    choices: Sequence[tuple[str, str]] = (("day", "Day"), ("week", "Week"), ("month", "Month"))
    models: Sequence[tuple[str, str]] = (("gpt-4o", "GPT-4o"), ("claude-sonnet", "Claude Sonnet"))
    filtered: Filtered = Filtered()
    broken: str = '{\n  "desk": "front",\n  "floor" 2\n}'


class Sample(forms.Form):
    number = forms.CharField(label="Number to call", help_text="With its country: +1 415 555 0101.")
    greeting = forms.CharField(
        label="Greeting",
        help_text="What callers hear first.",
        max_length=160,
        widget=forms.Textarea,
    )
    assistant = forms.ChoiceField(choices=[("a", "Front desk"), ("b", "Night shift")])
    announce = forms.BooleanField(label="Say that calls are recorded", required=False)

    def clean(self) -> None:
        raise forms.ValidationError("A greeting so long is cut by the voice. Shorten it.")


def page(now: datetime, *, row: str) -> StyleGuide:
    """The samples, and the row of the table that is looked at."""

    def before(**past: float) -> datetime:
        return now - timedelta(**past)

    rows = (
        Row(1, before(minutes=2), "+14155550101", "Front desk", "in-progress", None, None),
        Row(2, before(minutes=12), "+14155550102", "Front desk", "completed", 151, 0.31),
        Row(3, before(hours=1), "+4930901820", "Night shift", "no-answer", None, None),
        Row(4, before(days=1), "+442079460000", "Front desk", "failed", 3, 0.0079),
    )
    return StyleGuide(
        title="Style guide",
        states=(
            *("completed", "delivered", "ringing", "in-progress", "scheduled", "unknown"),
            *("failed", "busy", "no-answer", "bounced", "canceled", "open", "half_open", "closed"),
        ),
        timeline=(
            Entry("send", "Asked for", before(minutes=3), "by ada, over the console"),
            Entry("phone-outgoing", "Ringing", before(minutes=2.5), "+1 415 555 0101"),
            Entry("phone-call", "On the line", before(minutes=2), tone="waiting", is_now=True),
        ),
        spans=(
            Span("Request", 412, 0, 100, "POST /calls"),
            Span("Twilio, first attempt", 150, 5, 36, "502", tone="bad"),
            Span("Pause before the next", 60, 42, 15, tone="unknown"),
            Span("Twilio, second attempt", 160, 58, 39, "201"),
        ),
        rows=rows,
        row=next((one for one in rows if str(one.place) == row), None),
        form=Sample(initial={"greeting": "Good morning!", "number": "+1 415 555 0101"}),
        wrong=Sample({"number": "", "greeting": "a" * 170, "assistant": "a"}, auto_id="wrong_%s"),
        sure=TypedName("Twilio"),
        long_ago=before(days=40),
        chart=charts.columns(
            [f"{day} Nov" for day in range(17, 31)],
            [
                Series("answered", "good", [12, 9, 14, 11, 3, 2, 15, 17, 13, 12, 10, 4, 1, 16]),
                Series("no answer", "waiting", [3, 2, 4, 1, 0, 1, 3, 2, 5, 2, 1, 0, 0, 3]),
                Series("failed", "bad", [0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 1]),
            ],
        ),
    )
