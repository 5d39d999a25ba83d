"""Incidents of each kind, captured and replayed."""

import pytest

from ava.recording.tracks import side_by_side
from tests.recording.scripts import script
from tests.recording.studio import Studio


@pytest.mark.parametrize("seed", range(50))
def test_random(studio: Studio, seed: int) -> None:
    made = script(seed)
    scenario = studio.capture(made.play(studio))
    outcome = studio.replay(scenario)
    lines = "\n".join(side_by_side(scenario.tracks, outcome.tracks))
    assert outcome.is_same, f"{made}\n{lines}\n{scenario}\n{outcome.effects}"
