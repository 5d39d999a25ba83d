"""Random histories of many callers against a plain model, step by step, on either store."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ava.upstream.circuit import OperatorOverride, Outcome, Refusal, Rules, Ticket
from ava.upstream.tests.circuits import LEASE, Clock

RULES = Rules(threshold=3, recovery=30.0, successes=2)
TENANTS = (None, "ada", "eve")
tenants = st.sampled_from(TENANTS)


@dataclass
class Model:
    """The breaker as one would explain it: what is going on, and since when.

    Args:
        streak: whose the failures in a row were.
        victim: whom alone it is open to; None: all.
        strays: failures in a row of those whom it is not open to.
        last: who leaves it to others to probe first.
        by_hand: opened, but not by failures.
    """

    state: str = "closed"
    failures: int = 0
    streak: list[str | None] = field(default_factory=list)
    victim: str | None = None
    strays: int = 0
    last: str | None = None
    by_hand: bool = False
    successes: int = 0
    opened_at: float = 0.0
    prober: Any = None
    probing_since: float = 0.0
    held: bool = False
    held_until: float | None = None
    order: int = 0
    era: object = field(default_factory=object)

    def turn(self, state: str, now: float) -> None:
        self.state = state
        self.era = object()
        self.prober = None
        self.successes = 0
        if state == "open":
            self.opened_at = now
        if state == "closed":
            self.failures = self.strays = 0
            self.streak, self.victim, self.last, self.by_hand = [], None, None, False

    def fails(self, tenant: str | None) -> bool:
        """A failure while it is closed. Whether it opens."""
        self.failures += 1
        self.streak.append(tenant)
        if self.failures < RULES.threshold:
            return False
        [first, *others] = set(self.streak)
        if others or first is None:
            self.strays = RULES.threshold
        else:
            self.victim = first
        return True

    def passes_by(self, tenant: str | None) -> bool:
        """Whether it is open, but to another tenant alone."""
        away = self.state != "closed" and not self.held
        return away and self.victim is not None and tenant != self.victim

    def let_go_in_time(self, now: float) -> None:
        if self.held and self.held_until is not None and now >= self.held_until:
            opened_at = self.opened_at
            self.held = False
            self.turn(self.state, now)
            self.opened_at = opened_at

    def may_pass(self, now: float, tenant: str | None) -> bool:
        if self.held:
            return self.state == "closed"
        if self.state == "closed" or self.passes_by(tenant):
            return True
        gone = now - self.opened_at
        if tenant and tenant == self.last and gone < 2 * RULES.recovery:
            return False
        if self.state == "open":
            return gone >= RULES.recovery
        if self.state == "half_open" and self.prober is not None:
            return now - self.probing_since >= LEASE
        return True


@dataclass(eq=False)
class Call:
    ticket: Ticket
    era: object
    tenant: str | None
    passes_by: bool = False


class BreakerHistory(RuleBasedStateMachine):
    calls = Bundle("calls")

    def __init__(self, make_store) -> None:
        super().__init__()
        self.clock = Clock()
        self.store = make_store(self.clock, RULES)
        self.model = Model()
        self.opens = self.closes = 0
        self.generation = 0

    def note(self, change, expected) -> None:
        assert (change and (change.from_state, change.to_state)) == expected
        if expected is not None:
            self.opens += expected[0] == "closed"
            self.closes += expected[1] == "closed"

    @rule(seconds=st.sampled_from([0.25, 1.0, LEASE, 29.75, 30.0]))
    def time_passes(self, seconds) -> None:
        self.clock.advance(seconds)
        self.model.let_go_in_time(self.clock.now)

    @rule(target=calls, tenant=tenants)
    def a_call_begins(self, tenant):
        model, now = self.model, self.clock.now
        may_pass, before = model.may_pass(now, tenant), model.state
        answer, change = self.store.admit(tenant)
        assert isinstance(answer, Ticket) == may_pass
        if isinstance(answer, Refusal):
            assert change is None
            assert answer.state == before
            longest = RULES.recovery * (2 if tenant and tenant == model.last else 1)
            assert 0 < answer.retry_after <= (40 if model.held else longest)
            return multiple()
        if model.passes_by(tenant):
            assert (answer.probe, change) == (None, None)
            return Call(answer, model.era, tenant, passes_by=True)
        if before == "open":
            model.turn("half_open", now)
        self.note(change, ("open", "half_open") if before == "open" else None)
        call = Call(answer, model.era, tenant)
        if model.state == "half_open":
            model.prober, model.probing_since = call, now
        assert (answer.probe is not None) == (model.state == "half_open")
        return call

    @rule(call=consumes(calls), outcome=st.sampled_from(Outcome))
    def a_call_ends(self, call: Any, outcome: Outcome) -> None:
        model, expected = self.model, None
        if model.held:
            pass
        elif call.era is model.era and model.state == "closed":
            if outcome is Outcome.SUCCESS:
                model.failures, model.streak = 0, []
            elif outcome is Outcome.FAILURE and model.fails(call.tenant):
                model.turn("open", self.clock.now)
                expected = ("closed", "open")
        elif call.passes_by and call.era is model.era:
            if outcome is Outcome.SUCCESS:
                model.strays = 0
            elif outcome is Outcome.FAILURE:
                model.strays += 1
                if model.strays == RULES.threshold:
                    expected = ("half_open", "open") if model.state == "half_open" else None
                    model.last, model.victim = model.victim, None
                    model.turn("open", self.clock.now)
        elif call is model.prober:
            model.prober = None
            if outcome is Outcome.FAILURE:
                model.failures += 1
                if model.by_hand and call.tenant:
                    model.victim, model.strays, model.by_hand = call.tenant, 0, False
                elif model.victim is None:
                    model.last = call.tenant
                model.turn("open", self.clock.now)
                expected = ("half_open", "open")
            elif outcome is Outcome.SUCCESS:
                model.failures = 0
                model.successes += 1
                if model.successes == RULES.successes:
                    model.turn("closed", self.clock.now)
                    expected = ("half_open", "closed")
        self.note(self.store.record(call.ticket, outcome), expected)

    @precondition(lambda self: self.model.state != "half_open" and not self.model.held)
    @rule(tenant=tenants)
    def an_outage_or_a_quiet_time(self, tenant) -> None:
        """Steers towards half-open, where chance alone seldom leads."""
        for _ in range(RULES.threshold):
            passes_by = self.model.passes_by(tenant)
            answer, _ = self.store.admit(tenant)
            if isinstance(answer, Refusal) or answer.probe is not None:
                break
            call = Call(answer, self.model.era, tenant, passes_by)
            self.a_call_ends(call, Outcome.FAILURE)
        else:
            return
        if isinstance(answer, Ticket):
            self.model.turn("half_open", self.clock.now)
            self.model.prober = Call(answer, self.model.era, tenant)
            self.model.probing_since = self.clock.now
            self.a_call_ends(self.model.prober, Outcome.SUCCESS)
        else:
            self.time_passes(RULES.recovery)

    @rule(
        forced=st.sampled_from([None, None, "open", "closed"]),
        seconds=st.sampled_from([None, 1.0, 40.0]),
        newer=st.integers(-1, 2),
    )
    def an_operator_orders(self, forced, seconds, newer) -> None:
        """Some come late: an older order, or one that was carried out before."""
        model, before, expected = self.model, self.model.state, None
        number = max(1, model.order + newer)
        if number > model.order:
            model.order = number
            model.held = forced is not None
            model.held_until = seconds and self.clock.now + seconds
            model.turn(forced or "closed", self.clock.now)
            model.victim, model.last, model.strays, model.by_hand = None, None, 0, bool(forced)
            expected = None if before == model.state else (before, model.state)
        self.note(self.store.obey(OperatorOverride(number, forced, seconds)), expected)

    @invariant()
    def it_looks_like_the_model(self) -> None:
        seen = self.store.snapshot()
        assert self.store.snapshot() == seen
        assert (seen.state, seen.failures, self.store.circuit.successes) == (
            self.model.state,
            self.model.failures,
            self.model.successes,
        )
        assert (seen.retry_after is None) == (seen.state == "closed")
        assert seen.failing_tenant == (None if seen.state == "closed" else self.model.victim)

    @invariant()
    def each_tenant_sees_whether_its_next_call_passes(self) -> None:
        for tenant in TENANTS:
            met = self.store.snapshot(tenant=tenant).met_by(tenant)
            assert (not met.retry_after) == self.model.may_pass(self.clock.now, tenant)
            if self.model.passes_by(tenant):
                assert met.state == "closed"

    @invariant()
    def opens_less_closes_is_the_state(self) -> None:
        assert self.opens - self.closes == (self.model.state != "closed")

    @invariant()
    def generations_only_grow(self) -> None:
        generation = self.store.circuit.generation
        assert generation >= self.generation
        self.generation = generation


def test_any_history_goes_as_the_model_says(make_store, examples):
    run_state_machine_as_test(
        lambda: BreakerHistory(make_store),
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, database=None
        ),
    )
