"""AVA is killed at one step of placing a call; the client asks again with the same key.

`telephony/intents/tests/test_kill.py` has what dies on its way to Twilio.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.chaos import truth
from tests.chaos.hurry import STEP
from tests.chaos.processes import ChaoticAva
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

LIMITED = {"provider": "twilio", "kind": "status", "status": 429, "match": "POST /2010", "count": 1}
STEPS: tuple[tuple[str, dict[str, Any] | None], ...] = (
    ("before telephony.intents.dispatch.submit", None),  # the key is stored, the call is not
    ("before telephony.intents.dispatch.attempt", None),  # stored, not sent
    ("before telephony.intents.adoption.adopt", None),  # answered, the answer not stored
    ("after telephony.intents.dispatch.attempt", None),  # stored, the client's answer is not
    ("after ava.idempotency.services.run", None),  # all is stored, the client not told
    ("before telephony.intents.dispatch.fail", LIMITED),  # refused, and that not stored
    ("after telephony.intents.dispatch.fail", LIMITED),  # refused, the key not freed
)


def ask(ava: RunningAva, to: str) -> requests.Response:
    return ava.call(
        "POST",
        "/twilio/calls",
        json={"to": to, "from": "+15005550006", "say": "Hello"},
        headers={"Idempotency-Key": to},
    )


def insist(ava: RunningAva, to: str) -> dict[str, Any]:
    """Ask until there is an answer: a key is held for a while by whoever died with it."""
    answers: list[requests.Response] = []

    def told() -> bool:
        answers.append(ask(ava, to))
        time.sleep(0.2)
        return answers[-1].status_code in (201, 202)

    until(told)
    assert {answer.status_code for answer in answers[:-1]} <= {409}
    return dict(answers[-1].json())


def test_a_kill_at_any_step_places_each_call_once(tmp_path: Path) -> None:
    people = [f"+1415555{n:04}" for n in range(len(STEPS))]
    ava = ChaoticAva(tmp_path / "var")
    ava.environment[STEP] = f"{STEPS[0][0]} {people[0]}"
    with ava:
        ava.login()
        assert ava.call("GET", "/twilio/numbers").ok
        for person, (step, fault) in zip(people, STEPS, strict=True):
            if ava.process.poll() is not None:
                ava.environment[STEP] = f"{step} {person}"
                ava.start()
            if fault:
                # A call of an earlier person that is sent only now would use the fault up.
                until(lambda: truth.settled(ava))
                ava.fault(**fault)
            with pytest.raises(requests.RequestException):
                ask(ava, person)
            ava.process.wait()
        del ava.environment[STEP]
        ava.start()
        told = {person: insist(ava, person) for person in people}
        until(lambda: truth.settled(ava))
        rung = Counter(ring["to"] for ring in ava.shown("effects")["calls"])
        placed = {row["to"]: row["id"] for row in truth.rows(ava, "calls") if row["provider_sid"]}
        refused = [row["to"] for row in truth.rows(ava, "calls") if not row["provider_sid"]]
    assert rung == dict.fromkeys(people, 1)
    assert placed == {person: row["id"] for person, row in told.items()}
    # Refused, stored as refused, and placed anew by the client's next request.
    assert refused == people[-1:]
