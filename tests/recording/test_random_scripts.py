"""Random incidents, captured and replayed: the same timelines and effects come of each."""

import pytest

from ava.recording.tracks import side_by_side
from tests.recording.scripts import script
from tests.recording.studio import Studio

QUICK = (2, 8, 9, 13, 18, 30, 33)


@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=() if seed in QUICK else pytest.mark.slow) for seed in range(50)],
)
def test_a_random_incident_comes_again(studio: Studio, seed: int) -> None:
    incident = script(seed)
    scenario = studio.capture(incident.play(studio))
    outcome = studio.replay(scenario)
    seen = "\n".join(side_by_side(scenario.tracks, outcome.tracks))
    assert outcome.is_same, f"{incident}\n{seen}\n{scenario.effects} {outcome.effects}"
