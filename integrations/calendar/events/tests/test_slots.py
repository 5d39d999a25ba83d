from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.calendar.events import slots
from integrations.calendar.events.records import Slot
from integrations.calendar.events.slots import ALL_DAY, duration, free, gaps, merged, working_hours
from integrations.calendar.events.times import WrongTime

BERLIN = ZoneInfo("Europe/Berlin")
HALF = timedelta(minutes=30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slot(start: str, end: str) -> Slot:
    return Slot(at(start), at(end))


DAY = slot("2026-12-07T00:00", "2026-12-08T00:00")


def shown(found: list[Slot], tz: ZoneInfo | None = None) -> list[str]:
    return [
        f"{s.start.astimezone(tz or UTC):%d %H:%M}-{s.end.astimezone(tz or UTC):%H:%M}"
        for s in found
    ]


def test_busy_times_that_overlap_or_touch_are_one_and_end_with_the_window() -> None:
    busy = [
        slot("2026-12-07T10:00", "2026-12-07T11:00"),
        slot("2026-12-07T09:00", "2026-12-07T10:00"),
        slot("2026-12-07T10:30", "2026-12-07T10:45"),
        slot("2026-12-07T23:00", "2026-12-09T00:00"),
        slot("2026-12-09T00:00", "2026-12-09T01:00"),
        slot("2026-12-07T15:00", "2026-12-07T15:00"),
    ]
    assert shown(merged(busy, DAY)) == ["07 09:00-11:00", "07 23:00-00:00"]
    assert shown(list(gaps(busy, DAY))) == ["07 00:00-09:00", "07 11:00-23:00"]


def test_slots_follow_one_another_in_working_hours_and_begin_at_quarters() -> None:
    busy = [
        slot("2026-12-07T08:10", "2026-12-07T08:50"),
        slot("2026-12-07T09:30", "2026-12-07T15:20"),
    ]
    hours = working_hours("09:00-17:00")
    found = free(busy, DAY, tz=BERLIN, hours=hours, length=HALF)
    assert shown(found, BERLIN) == ["07 10:00-10:30", "07 16:30-17:00"]


def test_a_length_that_is_no_quarter_has_a_finer_step() -> None:
    hours, length = working_hours("09:00-10:00"), timedelta(minutes=20)
    found = free([], DAY, tz=ZoneInfo("UTC"), hours=hours, length=length)
    assert shown(found) == ["07 09:00-09:20", "07 09:20-09:40", "07 09:40-10:00"]


def test_no_slot_begins_before_the_window() -> None:
    within = slot("2026-12-07T08:07", "2026-12-07T12:00")
    found = free([], within, tz=BERLIN, hours=working_hours("09:00-10:00"), length=HALF)
    assert shown(found, BERLIN) == ["07 09:15-09:45"]


def test_without_a_length_all_that_is_free_is_shown_over_midnight_too() -> None:
    within = slot("2026-12-07T12:00", "2026-12-09T12:00")
    assert free([], within, tz=BERLIN) == [within]


def test_working_days_are_those_of_the_time_zone() -> None:
    # 23:30 UTC on Sunday is half past midnight on Monday in Berlin.
    within = slot("2026-12-06T23:30", "2026-12-07T01:00")
    monday = working_hours("mon 00:00-24:00")
    assert len(free([], within, tz=BERLIN, hours=monday, length=HALF)) == 3
    assert free([], within, tz=ZoneInfo("UTC"), hours=monday, length=HALF) == [
        slot("2026-12-07T00:00", "2026-12-07T00:30"),
        slot("2026-12-07T00:30", "2026-12-07T01:00"),
    ]


def test_a_night_shift_belongs_to_the_day_it_begins_on() -> None:
    within = slot("2026-12-07T00:00", "2026-12-09T00:00")
    found = free([], within, tz=ZoneInfo("UTC"), hours=working_hours("sun-mon 22:00-02:00"))
    assert shown(found) == ["07 00:00-02:00", "07 22:00-02:00"]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-03-28", "08:00", "16:00"),
        ("2026-03-29", "07:00", "15:00"),  # the clocks were put forward
        ("2026-10-24", "07:00", "15:00"),
        ("2026-10-25", "08:00", "16:00"),  # and back
    ],
)
def test_working_hours_stay_on_the_clock_when_it_changes(day: str, first: str, last: str) -> None:
    within = Slot(at(f"{day}T00:00"), at(f"{day}T23:00"))
    [found] = free([], within, tz=BERLIN, hours=working_hours("09:00-17:00"))
    assert found == slot(f"{day}T{first}", f"{day}T{last}")


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)]
)
def test_a_day_has_as_many_hours_as_its_clock_shows(day: str, hours: int) -> None:
    found = ALL_DAY.on(datetime.fromisoformat(day).date(), BERLIN)
    assert found.end - found.start == timedelta(hours=hours)


def test_an_hour_that_clocks_skip_and_one_they_show_twice_are_worked_once() -> None:
    night = working_hours("02:30-04:00")
    spring = night.on(datetime(2026, 3, 29).date(), BERLIN)
    assert spring == slot("2026-03-29T01:30", "2026-03-29T02:00")
    autumn = night.on(datetime(2026, 10, 25).date(), BERLIN)
    assert autumn == slot("2026-10-25T00:30", "2026-10-25T03:00")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("30m", 30), ("30min", 30), ("1h", 60), (" 1H30M ", 90), ("24h", 1440), ("90m", 90)],
)
def test_a_duration_is_read(text: str, minutes: int) -> None:
    assert duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text", ["", "30", "4m", "25h", "m", "-30m", "30s", "\u0663\u0660m", "9999m"]
)
def test_what_is_no_duration_is_refused_in_words(text: str) -> None:
    with pytest.raises(WrongTime, match="such as 30m"):
        duration(text)


def test_working_hours_are_read() -> None:
    found = working_hours("Fri-Mon 08:30-24:00")
    assert (found.start, found.end) == (timedelta(hours=8.5), slots.DAY)
    assert found.days == {4, 5, 6, 0}
    assert working_hours("09:00-17:00").days == set(range(7))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9-17",
        "09:00",
        "09:00-17:60",
        "24:00-25:00",
        "09:00-24:30",
        "day 09:00-17:00",
        "mon- 09:00-17:00",
    ],
)
def test_what_are_no_working_hours_is_refused_in_words(text: str) -> None:
    with pytest.raises(WrongTime, match=r"(?i)working hours"):
        working_hours(text)
