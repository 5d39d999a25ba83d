"""State machines of all that AVA does once: no order of reports breaks one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ava.intents.states import Machine
from integrations.calendar.events.states import EVENT
from integrations.email.states import MAIL
from telephony.intents.states import CALL, MESSAGE

MACHINES = pytest.mark.parametrize(
    "machine", [CALL, MESSAGE, MAIL, EVENT], ids=["call", "message", "mail", "event"]
)


@MACHINES
@given(data=st.data())
def test_no_order_of_reports_turns_back_or_leaves_an_end(
    machine: Machine, data: st.DataObject
) -> None:
    words = st.sampled_from([*machine.ranks, "nonsense", ""])
    status = "pending"
    for reported in data.draw(st.lists(words, max_size=20)):
        after = machine.after(status, reported)
        if after is None:
            continue
        assert machine.ranks[after] > machine.ranks[status]
        assert status not in machine.final or (status, after) in machine.exceptions
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


def test_what_follows_an_end_is_that_a_delivered_message_was_read() -> None:
    assert [one.exceptions for one in (CALL, MESSAGE, MAIL, EVENT)] == [
        frozenset(), frozenset({("delivered", "read")}), frozenset(), frozenset()
    ]  # fmt: skip
