"""State machines of calls and messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ava.intents.states import Machine
from telephony.intents.states import CALL, MESSAGE

MACHINES = pytest.mark.parametrize("machine", [CALL, MESSAGE], ids=["call", "message"])


@MACHINES
@given(data=st.data())
def test_no_order_of_callbacks_turns_back_or_leaves_an_end(
    machine: Machine, data: st.DataObject
) -> None:
    words = st.sampled_from([*machine.ranks, "nonsense", ""])
    status = "pending"
    for reported in data.draw(st.lists(words, max_size=20)):
        after = machine.after(status, reported)
        if after is None:
            continue
        assert machine.ranks[after] > machine.ranks[status]
        assert status not in machine.final or (status, after) == ("delivered", "read")
        status = after


@MACHINES
@given(data=st.data())
def test_what_is_reported_twice_changes_nothing_the_second_time(
    machine: Machine, data: st.DataObject
) -> None:
    status = data.draw(st.sampled_from(list(machine.ranks)))
    reported = data.draw(st.sampled_from(list(machine.ranks)))
    after = machine.after(status, reported) or status
    assert machine.after(after, reported) is None


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
