"""The shared circuit when Redis is lost, forgets, and comes back: every step by a test's order."""

import pytest

from ava.upstream.circuit import Change, OperatorOverride, Outcome, Refusal, Ticket
from ava.upstream.redis_store import ADOPTED
from ava.upstream.tests.circuits import RULES, OwnLine

OPENED = Change("closed", "open", "3 failures in a row")
OPENED_ALONE = Change("closed", "open", "3 failures in a row", local=True)
TAKEN_OVER = Change("closed", "open", ADOPTED)


def test_what_one_worker_counts_opens_it_for_all(worker):
    one, other = worker(), worker()
    one.settle(Outcome.FAILURE)
    other.settle(Outcome.FAILURE)
    last = other.admitted()
    assert one.settle(Outcome.FAILURE) == OPENED
    assert other.record(last, Outcome.FAILURE) is None
    other.refused()


def test_a_call_on_a_closed_circuit_reads_twice_and_writes_nothing(worker, fake):
    one = worker()
    one.settle(Outcome.SUCCESS)
    assert (fake.commands, fake.writes, fake.values) == (2, 0, {})


def test_a_refused_call_reads_once_and_writes_nothing(worker, fake):
    one = worker()
    one.trip()
    commands, writes = fake.commands, fake.writes
    one.refused()
    assert (fake.commands, fake.writes) == (commands + 1, writes)


def test_who_is_slower_decides_again_by_what_the_other_wrote(worker, fake):
    one, other = worker(), worker()
    ticket, late = one.admitted(), other.admitted()
    for _ in range(2):
        other.settle(Outcome.FAILURE)
    fake.interrupt = lambda: other.record(late, Outcome.FAILURE)
    assert one.record(ticket, Outcome.FAILURE) is None
    assert other.changes == [OPENED]
    assert one.snapshot().failures == 3


def test_of_two_that_come_at_the_same_moment_one_is_the_probe(worker, fake, clock):
    one, other = worker(), worker()
    one.trip()
    clock.advance(RULES.recovery)
    probes = []
    fake.interrupt = lambda: probes.append(other.admitted().probe)
    assert one.admit() == (Refusal("half_open", 1.0), None)
    assert probes == [1]


def test_alone_a_worker_still_trips_and_says_that_it_is_alone(worker, fake):
    one = worker()
    one.admitted()
    fake.lost = True
    assert one.trip() == OPENED_ALONE
    assert one.refused().retry_after == RULES.recovery
    assert one.is_alone


def test_a_worker_that_starts_while_redis_is_lost_works(worker, fake):
    fake.lost = True
    one = worker()
    assert one.trip() == OPENED_ALONE
    one.refused()
    fake.lost = False
    assert one.admit()[1] == TAKEN_OVER


def test_what_was_open_stays_open_for_the_time_left(worker, fake, clock):
    one, other = worker(), worker()
    one.trip()
    other.refused()
    fake.lost = True
    clock.advance(10)
    assert [each.refused().retry_after for each in (one, other)] == [50, 50]


def test_a_call_that_began_before_the_loss_counts_alone(worker, fake):
    one = worker()
    tickets = [one.admitted() for _ in range(3)]
    fake.lost = True
    assert [one.record(ticket, Outcome.FAILURE) for ticket in tickets][-1] == OPENED_ALONE


def test_failures_counted_before_the_loss_count_alone(worker, fake):
    one = worker()
    one.settle(Outcome.FAILURE)
    one.settle(Outcome.FAILURE)
    fake.lost = True
    assert one.settle(Outcome.FAILURE) == OPENED_ALONE


def test_a_call_that_began_alone_counts_after_the_return(worker, fake):
    one = worker()
    one.admitted()
    fake.lost = True
    tickets = [one.admitted() for _ in range(3)]
    fake.lost = False
    one.admitted()
    assert [one.record(ticket, Outcome.FAILURE) for ticket in tickets][-1] == OPENED


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("used", [False, True])
def test_what_opened_on_a_worker_alone_opens_for_all_on_return(worker, fake, empty, used):
    one, other = worker(), worker()
    if used:
        other.trip()
        other.move("closed")
    for each in (one, other):
        each.admitted()
    fake.lost = True
    one.trip()
    fake.lost = False
    if empty:
        fake.flush()
    assert one.admit() == (Refusal("open", RULES.recovery), TAKEN_OVER)
    assert other.refused().retry_after == RULES.recovery


def test_two_workers_that_opened_alone_make_one_change_on_return(worker, fake):
    workers = [worker() for _ in range(2)]
    fake.lost = True
    for each in workers:
        each.trip()
    fake.lost = False
    assert [each.admit()[1] for each in workers] == [TAKEN_OVER, None]


def test_what_the_others_have_learnt_meanwhile_is_worth_more(worker, fake):
    """One worker cannot reach Redis; the others can, and have seen the provider recover."""
    line = OwnLine(fake)
    one, other = worker(line), worker()
    one.admitted()
    line.cut = True
    one.trip()
    other.move("open")
    other.move("closed")
    line.cut = False
    assert one.admit()[1] is None
    one.admitted()
    other.admitted()


def test_what_closed_alone_is_still_open_for_all(worker, fake, clock):
    one = worker()
    one.trip()
    fake.lost = True
    one.move("closed")
    one.admitted()
    fake.lost = False
    one.refused()


def test_overrides_are_obeyed_alone_and_announced_on_return(worker, fake):
    one, other = worker(), worker()
    override = OperatorOverride(1, "open", reason="works")
    fake.lost = True
    assert one.obey(override) == Change("closed", "open", "forced open: works", local=True)
    one.refused()
    other.admitted()
    fake.lost = False
    answer, change = one.admit(override=override)
    assert (type(answer), change) == (Refusal, Change("closed", "open", "forced open: works"))
    other.refused()


def test_a_reset_given_alone_is_announced_on_return_and_lets_the_call_through(worker, fake):
    one, override = worker(), OperatorOverride(1, reason="fixed")
    one.trip()
    fake.lost = True
    assert one.obey(override).local
    fake.lost = False
    answer, change = one.admit(override=override)
    assert change == Change("open", "closed", "reset: fixed")
    assert [one.record(answer, Outcome.FAILURE) for _ in range(3)][-1] is not None


def test_a_replica_that_takes_no_writes_counts_as_lost(worker, fake):
    one = worker()
    fake.read_only = True
    assert one.trip() == OPENED_ALONE
    fake.read_only = False
    assert one.admit()[1] == TAKEN_OVER


@pytest.mark.parametrize("way", ["answers_lost", "frozen"])
def test_a_change_whose_answer_was_lost_is_returned_once_later(worker, fake, way):
    one, other = worker(), worker()
    one.settle(Outcome.FAILURE)
    one.settle(Outcome.FAILURE)
    third = one.admitted()
    fake.interrupt = lambda: setattr(fake, way, True)  # between reading and writing
    assert one.record(third, Outcome.FAILURE) == OPENED_ALONE
    setattr(fake, way, False)
    fake.thaw()
    other.refused()
    answer, change = one.admit()
    assert (type(answer), change) == (Refusal, OPENED)
    assert one.admit()[1] is None


def test_a_write_that_never_took_place_is_no_change_and_comes_too_late_afterwards(worker, fake):
    one = worker()
    one.settle(Outcome.FAILURE)
    one.settle(Outcome.FAILURE)
    third = one.admitted()
    fake.interrupt = lambda: setattr(fake, "frozen", True)
    one.record(third, Outcome.FAILURE)
    fake.frozen = False  # another connection is faster than what waits
    assert one.admit()[1] == TAKEN_OVER
    fake.thaw()
    assert one.admit()[1] is None
    assert one.snapshot().state == "open"


def test_what_was_open_to_one_tenant_stays_so_while_redis_is_lost(worker, fake):
    one, other = worker(), worker()
    one.trip("ada")
    other.refused("ada")
    fake.lost = True
    for each in (one, other):
        each.refused("ada")
        each.admitted("eve")
        assert each.snapshot().failing_tenant == "ada"


def test_what_opened_alone_to_one_tenant_opens_for_all_workers_to_that_one(worker, fake):
    one, other = worker(), worker()
    fake.lost = True
    one.trip("ada")
    fake.lost = False
    answer, change = one.admit("eve")
    assert (type(answer), change) == (Ticket, TAKEN_OVER)
    other.refused("ada")
    other.admitted("eve")
    assert other.snapshot().failing_tenant == "ada"
