"""Mails are sent once, whatever fails, and however often AVA is killed. See `tests.chaos.mails`."""

from pathlib import Path

import pytest

from tests.chaos.mails import play_mails
from tests.chaos.processes import ChaoticAva

pytestmark = pytest.mark.slow


def test_300_mails_are_sent_once(tmp_path: Path) -> None:
    with ChaoticAva(tmp_path / "var") as ava:
        outcome = play_mails(ava, mails=300)
    assert not outcome.wrong, "\n".join([*outcome.wrong[:20], str(outcome)[-500:]])
    assert min(outcome.faults, outcome.kills, outcome.lost_answers), outcome
    assert outcome.ends["smtp sent"], outcome
