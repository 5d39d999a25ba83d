"""Mails under chaos: Resend and SMTP fail before and after they took one, and AVA is killed."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.chaos.crashes import Crashes
from tests.chaos.crowd import Crowd
from tests.chaos.processes import ChaoticAva
from tests.chaos.trouble import Trouble

MESSAGES = "integrations/email/messages"
SEND = "POST /emails"
FAULTS: tuple[dict[str, Any], ...] = (
    {"provider": "resend", "kind": "hang", "when": "after", "match": SEND},
    {"provider": "resend", "kind": "hang", "when": "before", "match": SEND},
    {"provider": "resend", "kind": "status", "status": 500, "when": "after", "match": SEND},
    {"provider": "resend", "kind": "status", "status": 500, "when": "before", "match": SEND},
    {"provider": "resend", "kind": "reset", "when": "after", "match": SEND},
    {"provider": "resend", "kind": "reset", "when": "before", "match": SEND},
    {"provider": "resend", "kind": "garbage", "when": "after", "match": SEND},
    {"provider": "resend", "kind": "status", "status": 429, "match": SEND},
    {"provider": "resend", "kind": "status", "status": 503, "match": "GET /emails"},
    {"provider": "smtp", "kind": "reset", "match": "MAIL /"},
    {"provider": "smtp", "kind": "status", "status": 451, "match": "RCPT /"},
    {"provider": "smtp", "kind": "reset", "when": "after"},
)
# So many in a row open the breaker: then mails go by SMTP.
STORM = 12
PAUSE = 0.05
SETTLING = 120
"""Seconds; far more than it takes once all is well: a busy machine is no fault."""
Row = dict[str, Any]


@dataclass(frozen=True)
class MailWish:
    """A mail that is wanted once. No other has the same address."""

    to: str
    address: str = MESSAGES

    @property
    def body(self) -> dict[str, Any]:
        """What a client sends."""
        return {"to": [self.to], "subject": f"For {self.to}", "text": "Hello."}


class MailWeather(Trouble):
    """Orders faults until it is to clear up."""

    def __init__(self, ava: ChaoticAva, given_up: threading.Event, *, seed: int) -> None:
        super().__init__(given_up)
        self._ava = ava
        self._random = random.Random(seed)
        self.ordered = 0

    def _go_on(self) -> None:
        while not self._enough.wait(PAUSE) and not self._given_up.is_set():
            fault = self._random.choice(FAULTS)
            # Those that struck nothing yet are enough: a wall of them lets nothing through.
            waiting = [one["provider"] for one in self._ava.shown("faults")["faults"]]
            if waiting.count(fault["provider"]) > 2:
                continue
            for _ in range(STORM if self._random.random() < 0.1 else 1):
                self._ava.fault(count=1, **fault)
                self.ordered += 1
        self._ava.heal()


@dataclass(frozen=True)
class MailOutcome:
    """What came of it; `wrong` are sentences."""

    wrong: list[str]
    faults: int
    kills: int
    ends: dict[str, int]
    lost_answers: int
    seconds: int


def play_mails(ava: ChaoticAva, *, mails: int, seed: int = 1) -> MailOutcome:
    """Let clients want mails while providers and AVA fail; then compare with the mailbox."""
    ava.login()
    smtp = {"host": "127.0.0.1", "port": ava.smtp_port, "security": "starttls"}
    smtp |= {"username": "demo", "password": "smtp-demo", "from_email": "smtp@example.com"}
    resend = {"api_key": "re_demo", "from_email": "ada@example.com"}
    for slug, values in (("resend", resend), ("smtp", smtp)):
        answer = ava.call("PUT", f"/integrations/{slug}/credentials", json=values)
        assert answer.ok, answer.text
    began = time.monotonic()
    given_up = threading.Event()
    weather = MailWeather(ava, given_up, seed=seed)
    crashes = Crashes(ava, given_up, seed=seed)
    wanted = [MailWish(f"x{number:04}@example.org") for number in range(mails)]
    crowd = Crowd(ava, given_up, wanted)
    with weather, crashes:
        crowd.ask()
    calm = time.monotonic()
    while not all(map(_is_known, _rows(ava))) and time.monotonic() - calm < SETTLING:
        time.sleep(1)
    known = list(_rows(ava))
    wrong = [*crowd.lost, *_wrong(ava, wanted, known)]
    return MailOutcome(
        wrong,
        weather.ordered,
        crashes.count,
        dict(Counter(f"{row['backend']} {row['status']}" for row in known)),
        sum(any(entry["status"] == "unknown" for entry in row["timeline"]) for row in known),
        round(time.monotonic() - began),
    )


def _rows(ava: ChaoticAva) -> Iterator[Row]:
    return ava.rows(f"/{MESSAGES}")


def _is_known(row: Row) -> bool:
    """Whether it has ended. What a mail server did not answer stays open, and says so."""
    return row["status"] in ("sent", "failed") or bool(row["error"])


def _wrong(ava: ChaoticAva, wanted: list[MailWish], known: list[Row]) -> Iterator[str]:
    really = Counter(mail["to"][0] for mail in ava.shown("mailbox")["mails"])
    for wish in wanted:
        mine = [row for row in known if row["recipients"][0]["address"] == wish.to]
        ends = Counter(row["status"] for row in mine)
        if not all(map(_is_known, mine)):
            yield f"{wish.to}: not known in the end: {mine}"
        for row in mine:
            if row["status"] == "unknown" and row["backend"] != "smtp":
                yield f"{wish.to}: Resend can be asked: {row}"
        if ends["sent"] + ends["unknown"] != 1:
            yield f"{wish.to}: {dict(ends)}"
        if not ends["sent"] <= really[wish.to] <= 1:
            yield f"{wish.to}: {really[wish.to]} in the mailbox, {dict(ends)}"
