"""State machines of calls and messages."""

import pytest

from ava.intents.states import Machine
from telephony.intents.states import CALL, MESSAGE

MACHINES = pytest.mark.parametrize("machine", [CALL, MESSAGE], ids=["call", "message"])


@MACHINES
def test_every_end_can_be_reported_before_anything_else(machine: Machine) -> None:
    for status in machine.final - {"received"}:
        assert machine.after("unknown", status) == status


@pytest.mark.parametrize(
    ("reported", "status", "behind"),
    [
        ("queued", "ringing", True),
        ("ringing", "completed", True),
        ("ringing", "ringing", False),
        ("in-progress", "ringing", False),
        ("busy", "completed", False),
        ("unknown", "ringing", False),
        ("nonsense", "completed", False),
    ],
)
def test_a_step_lies_behind_what_comes_after_it_but_avas_own_words_are_no_steps(
    reported: str, status: str, behind: bool
) -> None:
    assert CALL.is_behind(reported, status) == behind
