"""Events are created once, whatever fails, and however often AVA is killed."""

from pathlib import Path

import pytest

from tests.chaos.bookings import play_bookings
from tests.chaos.processes import ChaoticAva

pytestmark = pytest.mark.slow


def test_100_events_are_created_once(tmp_path: Path) -> None:
    with ChaoticAva(tmp_path / "var") as ava:
        outcome = play_bookings(ava, events=100)
    assert not outcome.wrong, "\n".join([*outcome.wrong[:20], str(outcome)[-500:]])
    assert min(outcome.faults, outcome.kills, outcome.lost_answers), outcome
