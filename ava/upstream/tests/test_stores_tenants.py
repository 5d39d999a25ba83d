"""Stores of a circuit: whose failures open it, and to whom."""

from ava.upstream.circuit import Change, OperatorOverride, Outcome, Refusal, Ticket
from ava.upstream.tests.circuits import Worker


def settle_all(store: Worker, outcome: Outcome, *tenants: str | None) -> list[Change | None]:
    """What each tenant's call in turn changes. All of them pass."""
    changes = []
    for tenant in tenants:
        ticket, _ = store.admit(tenant)
        assert isinstance(ticket, Ticket), tenant
        changes.append(store.record(ticket, outcome))
    return changes


def passes(store: Worker, tenant: str | None) -> bool:
    """Whether this tenant may call; if so, its call says nothing."""
    ticket, _ = store.admit(tenant)
    if isinstance(ticket, Ticket):
        store.record(ticket, Outcome.NEUTRAL)
    return isinstance(ticket, Ticket)


def test_failures_of_one_tenant_alone_open_it_to_that_tenant_alone(store, clock):
    changes = settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    assert changes == [None, None, Change("closed", "open", "3 failures in a row")]
    clock.advance(10)
    assert store.admit("ada") == (Refusal("open", 20.0), None)
    assert passes(store, "eve")
    assert passes(store, None)
    seen = store.snapshot()
    assert (seen.state, seen.failing_tenant, seen.retry_after) == ("open", "ada", 20.0)
    assert seen.met_by("ada") == seen
    assert (seen.met_by("eve").state, seen.met_by("eve").retry_after) == ("closed", None)


def test_one_tenants_failures_count_against_no_other(store):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    assert passes(store, "eve")
    assert passes(store, "bob")


def test_failures_of_several_tenants_open_it_for_all(store):
    changes = settle_all(store, Outcome.FAILURE, "ada", "ada", "eve")
    assert changes[2] == Change("closed", "open", "3 failures in a row")
    assert not any(passes(store, tenant) for tenant in ("ada", "bob", "carol", None))
    assert store.snapshot().failing_tenant is None


def test_failures_of_no_tenants_work_open_it_for_all(store):
    settle_all(store, Outcome.FAILURE, None, None, None)
    assert not any(passes(store, tenant) for tenant in ("ada", None))


def test_what_bystanders_do_leaves_the_open_circuit_as_it_is(store, clock):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    seen = store.snapshot()
    for _ in range(5):
        changes = settle_all(store, Outcome.FAILURE, "eve", None)
        assert changes + settle_all(store, Outcome.SUCCESS, "eve", None) == [None] * 4
    assert store.snapshot() == seen
    clock.advance(30)
    assert settle_all(store, Outcome.SUCCESS, "eve", "eve", "eve") == [None] * 3
    assert store.snapshot().state == "open"
    ticket, change = store.admit("ada")
    assert ticket.probe is not None
    assert change.to_state == "half_open"
    assert passes(store, "eve")
    assert not passes(store, "ada")


def test_failures_of_bystanders_open_it_for_all_without_a_second_change(store, clock):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    clock.advance(20)
    late, _ = store.admit("dora")
    assert settle_all(store, Outcome.FAILURE, "eve", "bob", "eve") == [None] * 3
    assert store.admit("carol")[0] == Refusal("open", 30.0)
    assert store.record(late, Outcome.SUCCESS) is None
    assert not passes(store, "dora")
    assert store.snapshot().failing_tenant is None


def test_failures_of_bystanders_end_a_tenants_half_open_time(store, clock):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    clock.advance(30)
    probe, _ = store.admit("ada")
    changes = settle_all(store, Outcome.FAILURE, "eve", "eve", "eve")
    assert changes[2] == Change("half_open", "open", "3 failures of others in a row")
    assert store.record(probe, Outcome.SUCCESS) is None
    assert not passes(store, "eve")


def test_two_probes_of_the_one_tenant_close_it_and_all_is_forgotten(store, clock):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada", "eve", "eve")
    clock.advance(30)
    assert settle_all(store, Outcome.SUCCESS, "ada", "ada")[1].to_state == "closed"
    settle_all(store, Outcome.FAILURE, "eve", "eve")
    assert store.snapshot().state == "closed"
    assert settle_all(store, Outcome.FAILURE, "eve")[0].to_state == "open"
    assert passes(store, "ada")


def test_whose_probe_failed_leaves_the_next_one_to_others(store, clock):
    """Else the tenant that asks most often keeps it open for all, with an outage of its own."""
    settle_all(store, Outcome.FAILURE, "bob", "ada", "eve")
    clock.advance(30)
    assert settle_all(store, Outcome.FAILURE, "ada")[0].to_state == "open"
    clock.advance(30)
    assert store.admit("ada")[0] == Refusal("open", 30.0)
    assert settle_all(store, Outcome.SUCCESS, "eve") == [None]
    assert store.admit("ada")[0] == Refusal("half_open", 30.0)
    assert settle_all(store, Outcome.SUCCESS, "eve")[0].to_state == "closed"
    assert passes(store, "ada")


def test_whose_probe_failed_is_the_next_all_the_same_where_no_other_asks(store, clock):
    settle_all(store, Outcome.FAILURE, "bob", "ada", "eve")
    clock.advance(30)
    settle_all(store, Outcome.FAILURE, "ada")
    clock.advance(60)
    assert settle_all(store, Outcome.SUCCESS, "ada", "ada")[1].to_state == "closed"


def test_an_order_holds_for_all(store):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    store.obey(OperatorOverride(1, "open"))
    assert not any(passes(store, tenant) for tenant in ("ada", "eve", None))
    assert store.snapshot().failing_tenant is None
    store.obey(OperatorOverride(2, "closed"))
    assert all(passes(store, tenant) for tenant in ("ada", "eve", None))


def test_a_move_by_hand_is_for_all(store):
    settle_all(store, Outcome.FAILURE, "ada", "ada", "ada")
    store.move("open", "by hand")
    assert not any(passes(store, tenant) for tenant in ("ada", "eve", None))
