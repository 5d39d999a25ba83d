"""One run of chaos from the first wish to the last row that ends."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.chaos import truth
from tests.chaos.crashes import Crashes
from tests.chaos.crowd import Crowd, wishes
from tests.chaos.processes import ChaoticAva
from tests.chaos.weather import Weather

SETTLING = 120
"""Seconds; far more than it takes once all is well: a busy machine is no fault."""


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Args:
        wrong: sentences; none is what everybody wants.
        endured: what there was of it, by name.
        seconds: how long it took.
    """

    wrong: list[str]
    endured: dict[str, int]
    seconds: dict[str, int]


def play(
    ava: ChaoticAva,
    *,
    calls: int,
    messages: int,
    seed: int = 1,
    more: Sequence[Callable[[], None]] = (),
) -> Outcome:
    """Let clients want things while Twilio, its callbacks and AVA fail; then compare.

    Args:
        more: what else happens now and then.
    """
    ava.login()
    began = time.monotonic()
    wanted = wishes(calls, messages, ava.assistant())
    for wish in wanted:
        texts = {"behaviour": "answer", "texts": wish.behaviour}
        phone = {"behaviour": wish.behaviour} if wish.path == "calls" else texts
        ava.order("phone", to=wish.to, **phone)
    given_up = threading.Event()
    weather = Weather(ava, given_up, seed=seed)
    crashes = Crashes(ava, given_up, seed=seed, more=more)
    crowd = Crowd(ava, given_up, wanted)
    with weather, crashes:
        crowd.ask()
        asked = time.monotonic()
    calm = time.monotonic()
    while not truth.settled(ava) and time.monotonic() - calm < SETTLING:
        time.sleep(1)
    settled = time.monotonic()
    wrong = [*crowd.lost, *truth.wrong(ava, crowd.told), *truth.lost_webhooks(ava)]
    known = [row for path in truth.FINAL for row in truth.rows(ava, path)]
    endured = {
        "requests of the clients": crowd.asked,
        "AVA killed": crashes.count,
        "faults": sum(weather.ordered.values()),
        "answers that got lost": sum(_was(row, "unknown") for row in known),
        "placed by a second attempt": sum(_was(row, detail="attempt 2") for row in known),
        "refused, asked again": sum(not row["provider_sid"] for row in known),
        "webhooks acknowledged": len(truth.acknowledged(ava)),
    }
    seconds = {"under chaos": round(asked - began), "to the last end": round(settled - calm)}
    return Outcome(wrong, endured, seconds)


def _was(row: truth.Row, status: str = "", detail: str = "") -> bool:
    return any(
        entry["status"] == status or (detail and entry["detail"] == detail)
        for entry in row["timeline"]
    )


def check(outcome: Outcome) -> None:
    """Nothing is wrong, after a storm indeed."""
    assert not outcome.wrong, "\n".join([*outcome.wrong[:20], str(outcome)[-500:]])
    assert outcome.endured["faults"], outcome
    assert outcome.endured["answers that got lost"], outcome
