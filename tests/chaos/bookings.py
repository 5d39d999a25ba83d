"""Events under chaos: Google and Microsoft fail before and after they made one, AVA is killed."""

import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from tests.chaos.crashes import Crashes
from tests.chaos.crowd import Crowd
from tests.chaos.processes import ChaoticAva
from tests.chaos.trouble import Trouble

CREATE = {
    "google": "POST /calendar/v3/calendars/primary/events",
    "microsoft": "POST /v1.0/me/events",
}
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "hang", "when": "after"},
    {"kind": "hang", "when": "before"},
    {"kind": "status", "status": 500, "when": "after"},
    {"kind": "status", "status": 500, "when": "before"},
    {"kind": "reset", "when": "after"},
    {"kind": "reset", "when": "before"},
    {"kind": "garbage", "when": "after"},
    {"kind": "status", "status": 429},
)
FIRST = datetime(2027, 3, 1, 9, tzinfo=UTC)
PAUSE = 0.05
SETTLING = 120
"""Seconds; far more than it takes once all is well: a busy machine is no fault."""
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_OPEN = ("pending", "unknown")


@dataclass(frozen=True)
class BookingWish:
    """An event that is wanted once. No other has the same title."""

    number: int

    @property
    def provider(self) -> str:
        return ("google", "microsoft")[self.number % 2]

    @property
    def to(self) -> str:
        return f"Booking {self.number:04}"

    @property
    def address(self) -> str:
        return f"integrations/calendar/{self.provider}/events"

    @property
    def body(self) -> dict[str, str]:
        start = FIRST + timedelta(minutes=30 * self.number)
        end = start + timedelta(minutes=30)
        return {"title": self.to, "start": start.isoformat(), "end": end.isoformat()}


class CalendarWeather(Trouble):
    """Orders faults until it is to clear up."""

    def __init__(self, ava: ChaoticAva, given_up: threading.Event, *, seed: int) -> None:
        super().__init__(given_up)
        self._ava = ava
        self._random = random.Random(seed)
        self.ordered = 0

    def _go_on(self) -> None:
        while not self._enough.wait(PAUSE) and not self._given_up.is_set():
            provider = self._random.choice([*CREATE])
            waiting = [one["provider"] for one in self._ava.shown("faults")["faults"]]
            if waiting.count(provider) < 3:
                fault = self._random.choice(FAULTS)
                self._ava.fault(provider=provider, match=CREATE[provider], count=1, **fault)
                self.ordered += 1
        self._ava.heal()


@dataclass(frozen=True)
class BookingOutcome:
    """What came of it; `wrong` are sentences."""

    wrong: list[str]
    faults: int
    kills: int
    ends: dict[str, int]
    lost_answers: int


def play_bookings(ava: ChaoticAva, *, events: int, seed: int = 1) -> BookingOutcome:
    """Let clients want events while providers and AVA fail; then compare with the calendars."""
    ava.login()
    for provider in CREATE:
        connect(ava, provider)
    given_up = threading.Event()
    weather = CalendarWeather(ava, given_up, seed=seed)
    crashes = Crashes(ava, given_up, seed=seed)
    wanted = [BookingWish(number) for number in range(events)]
    crowd = Crowd(ava, given_up, wanted)
    with weather, crashes:
        crowd.ask()
    calm = time.monotonic()
    while any(one in _OPEN for _, one, _ in _rows(ava)) and time.monotonic() - calm < SETTLING:
        time.sleep(1)
    rows = [*_rows(ava)]
    return BookingOutcome(
        [*crowd.lost, *_wrong(ava, wanted, rows)],
        weather.ordered,
        crashes.count,
        dict(Counter(status for _, status, _ in rows)),
        sum(was_open for _, _, was_open in rows),
    )


def connect(ava: ChaoticAva, provider: str) -> None:
    """Connect a calendar, as a person does in a browser."""
    answer = ava.call("POST", f"/integrations/calendar/{provider}/connect")
    link = answer.json()["authorization_url"]
    with requests.Session() as browser:
        page = browser.get(link, timeout=20)
        [token] = set(_TOKEN.findall(page.text))
        form, allow = {"csrfmiddlewaretoken": token}, {"decision": "allow"}
        consent = _led_to(browser, link, form, headers={"Referer": link})
        page = browser.get(_led_to(browser, consent, allow), timeout=20)
        assert "is connected" in page.text, page.text


def _led_to(browser: requests.Session, url: str, form: dict[str, str], **more: Any) -> str:
    answer = browser.post(url, data=form, allow_redirects=False, timeout=20, **more)
    return answer.headers["Location"]


def _rows(ava: ChaoticAva) -> list[tuple[str, str, bool]]:
    """Title and status of AVA's rows, and whether the answer was lost; without Django."""
    query = (
        "SELECT title, status, EXISTS (SELECT 1 FROM integrations_calendarevententry entry"
        " WHERE entry.intent_id = event.id AND entry.status = 'unknown')"
        " FROM integrations_calendarevent event"
    )
    file = Path(ava.environment["AVA_DATA_DIR"]) / "ava.sqlite3"
    with closing(sqlite3.connect(file, timeout=20)) as connection:
        found = connection.execute(query)
        return [(title, status, lost == 1) for title, status, lost in found]


def _wrong(
    ava: ChaoticAva, wanted: list[BookingWish], rows: list[tuple[str, str, bool]]
) -> Iterator[str]:
    really = Counter(event["title"] for event in ava.shown("effects")["events"])
    for wish in wanted:
        ends = Counter(status for title, status, _ in rows if title == wish.to)
        if ends["confirmed"] != 1 or any(ends[one] for one in _OPEN):
            yield f"{wish.to}: {dict(ends)}"
        if really[wish.to] != 1:
            yield f"{wish.to}: {really[wish.to]} in the calendar, {dict(ends)}"
