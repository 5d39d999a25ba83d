"""Events by day: on the clocks of a time zone, over midnight, whole days, what is past."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from integrations.calendar.events.records import Event, When
from integrations.calendar.room import agenda
from integrations.calendar.room.agenda import Dated, Day

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 12, 7)
NOW = datetime(2026, 12, 7, 12, tzinfo=UTC)


def days(*times: tuple[When, When], tz: ZoneInfo = BERLIN) -> list[Day]:
    events = [Event(str(number), str(number), *each) for number, each in enumerate(times)]
    found = [Dated(event, "google", "Google Calendar") for event in events]
    return agenda.days(found, first=MONDAY, count=3, tz=tz, now=NOW)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=UTC)


def test_times_are_those_of_the_time_zone() -> None:
    [entry] = days((at(7, 9), at(7, 9, 30)))[0].entries
    assert entry.when == "10:00 – 10:30"  # noqa: RUF001 - an en dash between times
    tokyo = days((at(7, 16), at(7, 17)), tz=ZoneInfo("Asia/Tokyo"))
    assert [len(day.entries) for day in tokyo] == [0, 1, 0]


def test_an_event_over_midnight_is_on_both_days() -> None:
    found = days((at(7, 21), at(8, 5)))
    assert [entry.when for day in found for entry in day.entries] == ["from 22:00", "until 06:00"]


def test_a_whole_day_comes_first_and_ends_before_its_end() -> None:
    found = days((at(8, 6), at(8, 7)), (date(2026, 12, 7), date(2026, 12, 9)))
    assert [len(day.entries) for day in found] == [1, 2, 0]
    assert [entry.when for entry in found[1].entries] == ["All day", "07:00 – 08:00"]  # noqa: RUF001


def test_what_is_over_and_what_goes_on_is_told() -> None:
    past, now, later = days((at(7, 8), at(7, 9)), (at(7, 11), at(7, 13)), (at(7, 15), at(7, 16)))[
        0
    ].entries
    assert [each.is_past for each in (past, now, later)] == [True, False, False]
    assert [each.is_now for each in (past, now, later)] == [False, True, False]
    assert [day.is_today for day in days()] == [True, False, False]
