"""Calls and messages happen exactly once, whatever fails, and however often.

Twilio loses answers, fails, resets, hangs and limits; its callbacks come twice, late, in disorder
or never; all of AVA is killed every few seconds. See `tests.chaos.play`.
"""

from pathlib import Path

import pytest

from tests.chaos.play import check, play
from tests.chaos.processes import ChaoticAva

pytestmark = pytest.mark.slow


def test_100_calls_and_100_messages_happen_exactly_once(tmp_path: Path) -> None:
    with ChaoticAva(tmp_path / "var") as ava:
        check(play(ava, calls=100, messages=100))
