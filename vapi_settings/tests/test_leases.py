"""One editor at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from ava.server.tests.places import OnlyPlace
from vapi_settings import services
from vapi_settings.errors import EditInProgress
from vapi_settings.models import LEASE, AssistantLease

pytestmark = [pytest.mark.database, pytest.mark.django_db]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.moment = NOON
        self.slept = 0.0

    def now(self):
        return self.moment

    def sleep(self, seconds):
        self.slept += seconds
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


def hold(clock, assistant_id="a"):
    return services.hold_lease(assistant_id, now=clock.now, sleep=clock.sleep)


def test_a_free_assistant_is_held_at_once_and_free_again_afterwards(clock):
    with hold(clock) as lease:
        row = AssistantLease.objects.get(pk="a")
        assert (row.holder, row.is_live(NOON)) == (lease.holder, True)
    row = AssistantLease.objects.get(pk="a")
    assert (row.holder, row.is_live(NOON)) == (None, False)
    assert clock.slept == 0


def test_a_second_editor_waits_a_little_and_is_then_refused(clock):
    with hold(clock), pytest.raises(EditInProgress) as refused, hold(clock):
        pass
    assert clock.slept == pytest.approx(services.WAIT)
    assert refused.value.headers["Retry-After"] == "2"


def test_a_second_editor_goes_on_as_soon_as_the_first_is_done(clock, monkeypatch):
    first = hold(clock)
    first.__enter__()
    sleep = clock.sleep

    def sleep_while_the_first_ends(seconds):
        sleep(seconds)
        if clock.slept >= 0.2:
            first.__exit__(None, None, None)

    monkeypatch.setattr(clock, "sleep", sleep_while_the_first_ends)
    with hold(clock):
        assert clock.slept == pytest.approx(0.2)


def test_other_assistants_are_free(clock):
    with hold(clock, "a"), hold(clock, "b"):
        assert clock.slept == 0


def test_the_lease_of_somebody_who_died_ends_with_the_time(clock):
    hold(clock).__enter__()
    clock.moment += LEASE
    with hold(clock):
        assert clock.slept == 0


def test_who_lost_the_lease_does_not_take_it_from_the_next(clock):
    late = hold(clock)
    late.__enter__()
    clock.moment += LEASE
    with hold(clock) as lease:
        late.__exit__(None, None, None)
        assert AssistantLease.objects.get(pk="a").holder == lease.holder


def test_an_edit_of_several_slow_steps_keeps_its_lease(clock):
    with hold(clock) as lease:
        for _ in range(4):
            clock.moment += LEASE - timedelta(seconds=1)
            assert lease.renew(clock.moment)
        with pytest.raises(EditInProgress), hold(clock):
            pass


def test_a_lease_that_ran_out_is_not_renewed(clock):
    with hold(clock) as lease:
        clock.moment += LEASE
        assert not lease.renew(clock.moment)
        with hold(clock) as next_lease:
            assert not lease.renew(clock.moment)
            assert AssistantLease.objects.get(pk="a").holder == next_lease.holder


def test_a_failure_inside_frees_it(clock):
    with pytest.raises(ZeroDivisionError), hold(clock):
        raise ZeroDivisionError
    assert AssistantLease.objects.get(pk="a").holder is None


def test_waiting_takes_only_a_few_threads(clock, monkeypatch):
    monkeypatch.setattr(services._places, "_value", 0)
    with hold(clock), pytest.raises(EditInProgress), hold(clock):
        pass
    assert clock.slept == 0


def test_an_editor_that_waits_lets_other_requests_in(clock):
    place = OnlyPlace()
    with hold(clock), pytest.raises(EditInProgress), hold(clock):
        pass
    assert place.is_left()
