"""Recurrence and time zones of the sandbox's calendars, held against dateutil."""

from datetime import UTC, date, datetime

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from sandbox.calendars.recurrence import parse_rule
from sandbox.calendars.timing import Timing, merged
from sandbox.calendars.zones import UnknownZoneError, zone

FIRST = datetime(2026, 1, 5, 9)  # a Monday


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;COUNT=7",
        "FREQ=DAILY;BYDAY=MO,WE;BYMONTH=1,3",
        "FREQ=DAILY;BYMONTHDAY=1,-1",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO;COUNT=9",
        "FREQ=WEEKLY;UNTIL=20260316T090000",
        "FREQ=WEEKLY;UNTIL=20260315",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=5,-1;COUNT=6",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=-1FR,2TU",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,7;BYDAY=1MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ],
)
@pytest.mark.parametrize("after", [date(2026, 1, 1), date(2027, 6, 15), date(2031, 1, 1)])
def test_a_rule_gives_the_days_that_dateutil_gives(rule: str, after: date) -> None:
    before = date(after.year + 3, 1, 31)
    window = datetime.combine(after, datetime.min.time()), datetime.combine(before, FIRST.time())
    series = rrulestr(rule, dtstart=FIRST).between(*window, inc=True)
    # dateutil starts at the first match, as these rules do.
    expected = [moment.date() for moment in series]
    timing = Timing(FIRST, FIRST.replace(hour=10), "UTC", rule=parse_rule(rule, "UTC"))
    found = timing.between(window[0].replace(tzinfo=UTC), window[1].replace(tzinfo=UTC), "UTC")
    days = [one.wall_start.date() for one in found]
    assert [day for day in days if day < before] == [day for day in expected if day < before]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;COUNT=2;UNTIL=20260301",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=DAILY;BYEASTER=1",
    ],
)
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_rule(rule, "UTC")


def test_an_end_in_utc_is_read_in_the_events_zone() -> None:
    assert parse_rule("FREQ=DAILY;UNTIL=20260301T000000Z", "America/New_York").until == datetime(
        2026, 2, 28, 19
    )


def test_a_clock_time_stays_while_its_offset_changes() -> None:
    """Europe/Berlin changes to summer time on 29 March 2026."""
    start = datetime(2026, 3, 27, 9)
    rule = parse_rule("FREQ=DAILY;COUNT=4", "Europe/Berlin")
    timing = Timing(start, start.replace(hour=10), "Europe/Berlin", rule=rule)
    window = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    assert [one.start.hour for one in timing.between(*window, "UTC")] == [8, 8, 7, 7]


def test_times_that_a_change_leaves_out_or_repeats_are_moments_all_the_same() -> None:
    gap = Timing(datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 3, 30), "Europe/Berlin")
    assert gap.first("UTC").start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    first = datetime(2026, 10, 25, 2, 30)
    twice = Timing(first, first.replace(fold=1), "Europe/Berlin").first("UTC")
    assert (twice.end - twice.start).total_seconds() == 3600


def test_whole_days_begin_at_midnight_of_the_zone_that_asks() -> None:
    day = Timing(datetime(2026, 1, 10), datetime(2026, 1, 11), "UTC", all_day=True)
    assert day.first("America/New_York").start == datetime(2026, 1, 10, 5, tzinfo=UTC)
    late = datetime(2026, 1, 11, 4, tzinfo=UTC), datetime(2026, 1, 11, 6, tzinfo=UTC)
    assert list(day.between(*late, "America/New_York"))
    assert not list(day.between(*late, "UTC"))


def test_zones_are_known_by_both_names() -> None:
    assert zone("W. Europe Standard Time") == zone("Europe/Berlin")
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe"):
        with pytest.raises(UnknownZoneError):
            zone(name)


def test_busy_spans_are_merged_and_kept_within_the_window() -> None:
    at = [datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in range(24)]
    spans = [(at[9], at[10]), (at[12], at[13]), (at[10], at[11]), (at[1], at[3]), (at[20], at[23])]
    assert merged(spans, at[2], at[21]) == [
        (at[2], at[3]),
        (at[9], at[11]),
        (at[12], at[13]),
        (at[20], at[21]),
    ]
