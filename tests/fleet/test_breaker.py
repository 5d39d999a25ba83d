"""One breaker for eight processes with four threads each, and a real Redis between them."""

import itertools
import os
import signal
import statistics
import time
from collections.abc import Callable

import pytest

from tests.fleet.fleet import Fleet, Made, until
from tests.fleet.upstream import Upstream

pytestmark = pytest.mark.slow

Start = Callable[..., Fleet]

# A busy machine is no lost Redis.
CALM = 5.0
PATH = {
    "closed": {"open"},
    "open": {"half_open"},
    "half_open": {"open", "closed"},
}


def at_work(fleet: Fleet, provider: Upstream) -> None:
    until(lambda: {call.pid for call in provider.since(0)} == set(fleet.pids), 30)


def is_one_story(changes: list[tuple[str, str]]) -> bool:
    """Whether each transition begins where the one before it has ended."""
    state = "closed"
    for before, after in changes:
        if before != state or after not in PATH[before]:
            return False
        state = after
    return True


def surprises(calls: list[Made]) -> set[str]:
    expected = {"answered", "provider_unreachable", "provider_unavailable"}
    return {call.outcome for call in calls} - expected


def test_an_outage_costs_the_calls_in_flight_and_one_probe_for_each_recovery_time(
    start: Start, provider: Upstream
) -> None:
    fleet = start(8, 4, recovery=1, calm=CALM)
    at_work(fleet, provider)
    provider.status, provider.delay = 500, 0.1
    began = time.monotonic()
    time.sleep(4.5)
    during = provider.since(began)
    provider.status = 200
    until(lambda: fleet.changes()[-1:] == [("half_open", "closed")])
    calls = fleet.stop()

    assert surprises(calls) == set()
    changes = fleet.changes()
    assert is_one_story(changes)
    assert (changes.count(("closed", "open")), changes.count(("half_open", "closed"))) == (1, 1)
    opened = fleet.transitions()[0].at
    probes = [call.at for call in during if call.at > opened + 0.5]
    assert 3 <= len(probes) <= 5
    assert len(during) <= 33 + 5
    gaps = [later - earlier for earlier, later in itertools.pairwise(probes)]
    assert min(gaps) >= 1.0
    assert changes.count(("half_open", "open")) in (len(probes), len(probes) - 1)
    assert [one for one in fleet.transitions() if one.local] == []


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_a_prober_that_dies_or_freezes_delays_recovery_by_one_lease(
    start: Start, provider: Upstream, blow: signal.Signals
) -> None:
    lease = 0.5 + 2.0
    fleet = start(3, 2, recovery=1, calm=CALM, deadline=0.5)
    at_work(fleet, provider)
    provider.status = 500
    until(fleet.changes)
    opened = time.monotonic() + 0.5
    provider.status, provider.delay = 200, 10.0  # the probe hangs
    until(lambda: provider.since(opened))
    probe = provider.since(opened)[0]
    os.kill(probe.pid, blow)
    provider.delay = 0.0
    until(lambda: len(provider.since(opened)) > 1)
    successor = provider.since(opened)[1]
    assert successor.pid != probe.pid
    # From the admission, which was a moment before the arrival.
    assert lease - 0.4 <= successor.at - probe.at <= lease + 2
    until(lambda: fleet.changes()[-1:] == [("half_open", "closed")])
    if blow == signal.SIGSTOP:
        os.kill(probe.pid, signal.SIGCONT)
        until(lambda: any(call.pid == probe.pid for call in provider.since(successor.at)))
    assert surprises(fleet.stop()) == set()
    assert fleet.changes() == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]


def test_forced_open_and_reset_reach_every_worker_within_a_tenth_of_a_second(
    start: Start, provider: Upstream
) -> None:
    fleet = start(8, 2, calm=CALM, pause=0.005)
    at_work(fleet, provider)
    given = []
    for number in range(1, 11):
        given.append(fleet.order(number=number, forced="open" if number % 2 else None))
        time.sleep(0.4)
    calls = fleet.stop()

    assert surprises(calls) == set()
    assert fleet.changes() == [("closed", "open"), ("open", "closed")] * 5
    delays = []
    for number, at in enumerate(given, 1):
        stale = "answered" if number % 2 else "provider_unavailable"
        until_next = [call for call in calls if at <= call.began < at + 0.4]
        assert {call.pid for call in until_next} == set(fleet.pids)
        late = [call.began - at for call in until_next if call.outcome == stale]
        delays.append(max(late, default=0.0))
    assert statistics.median(delays) <= 0.1
