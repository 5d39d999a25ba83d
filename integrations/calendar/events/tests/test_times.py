from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from integrations.calendar.events import times
from integrations.calendar.events.times import WrongTime

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-24T15:00:00+01:00", "2026-12-24T14:00"),
        ("2026-12-24T15:00Z", "2026-12-24T15:00"),
        ("2026-12-24T15:00", "2026-12-24T14:00"),
        ("2026-07-24 15:00:00", "2026-07-24T13:00"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30"),
    ],
)
def test_a_time_is_a_moment_in_its_offset_or_else_in_the_time_zone(text: str, moment: str) -> None:
    assert times.when(text, BERLIN) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_a_date_has_no_time_zone_and_begins_where_one_is_given() -> None:
    assert times.when("2026-12-24", BERLIN) == date(2026, 12, 24)
    assert times.moment(date(2026, 12, 24), BERLIN) == datetime(2026, 12, 23, 23, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_no_time() -> None:
    with pytest.raises(WrongTime, match="clocks are put forward"):
        times.when("2026-03-29T02:30", BERLIN)


def test_an_hour_that_comes_twice_needs_its_offset() -> None:
    with pytest.raises(WrongTime, match="Add its offset, such as 2026-10-25T02:30:00"):
        times.when("2026-10-25T02:30", BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "0001-01-01T00:00Z",
        "9999-12-31T23:59-12:00",
        "2026-12-24T25:00",
    ],
)
def test_what_is_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(WrongTime, match=r"such as 2026|Choose a year"):
        times.when(text, BERLIN)


def test_a_time_zone_is_known_by_its_name_alone() -> None:
    assert times.zone("europe/berlin").key == "Europe/Berlin"
    assert times.zone(" UTC ").key == "UTC"
    for name in ("", "Mars/Phobos", "../../etc/passwd", "/etc/localtime", "CEST"):
        with pytest.raises(WrongTime, match="such as Europe/Berlin"):
            times.zone(name)


@pytest.mark.parametrize(
    ("utc", "zone", "day"),
    [
        ("2026-12-24T00:00", BERLIN, 24),
        ("2026-12-23T23:00", BERLIN, 24),
        ("2026-12-24T08:00", ZoneInfo("America/Los_Angeles"), 24),
        ("2026-12-23T10:00", ZoneInfo("Pacific/Kiritimati"), 24),
        ("2026-12-23T23:00", None, 24),
        ("2026-12-24T08:00", None, 24),
    ],
)
def test_the_day_of_an_all_day_event_survives_a_move_to_utc(
    utc: str, zone: ZoneInfo | None, day: int
) -> None:
    assert times.nearest_day(datetime.fromisoformat(utc).replace(tzinfo=UTC), zone) == date(
        2026, 12, day
    )
