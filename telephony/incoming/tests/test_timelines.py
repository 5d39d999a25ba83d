"""Timelines: each report at its own time, however late it is applied."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from ava.jobs.models import Job
from sandbox.server import Sandbox
from telephony.calls.models import Call
from telephony.conftest import CALLS, OURS, THEIRS, callback, phone, run_jobs, until
from telephony.incoming.tests.conftest import place, shown

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("twilio_user")]


class Line:
    """A call that AVA placed, and what Twilio reports of it."""

    def __init__(self, api: APIClient, ava: str) -> None:
        self._api, self._ava = api, ava
        self.call = place(api)
        self._sid = str(Call.objects.get(pk=self.call).provider_sid)

    def send(self, *statuses: str, kind: str = "call-status") -> None:
        for status in statuses:
            form = {"CallSid": self._sid, "CallStatus": status}
            assert callback(self._ava, kind, f"call={self.call}&attempt=1", form).ok

    def lived(self) -> list[tuple[str, datetime]]:
        """All of its timeline, and that it is in order."""
        body = self._api.get(f"{CALLS}/{self.call}").json()
        found = [
            (entry["status"], datetime.fromisoformat(entry["at"])) for entry in body["timeline"]
        ]
        assert [at for _, at in found] == sorted(at for _, at in found)
        assert found[-1][0] == body["status"]
        return found


def came(status: str) -> datetime:
    return Delivery.objects.get(event=status).received_at


@pytest.fixture
def line(api: APIClient, ava: str, sandbox: Sandbox) -> Line:
    """One of which the sandbox reports nothing any more."""
    phone(sandbox, "answer", ring_ms=60_000)
    line = Line(api, ava)
    until(lambda: Delivery.objects.filter(event__in=["initiated", "ringing"]).count() == 2)
    Job.objects.filter(kind="dispatch_delivery").delete()
    Delivery.objects.all().delete()
    return line


def test_a_step_that_an_answer_has_overtaken_keeps_its_place(line: Line) -> None:
    line.send("ringing")
    line.send("in-progress", kind="voice")
    assert [status for status, _ in line.lived()] == ["pending", "queued", "in-progress"]
    run_jobs()
    *_, (rang, rang_at), (_, spoke_at) = line.lived()
    assert (rang, rang_at) == ("ringing", came("ringing"))
    assert spoke_at == came("in-progress")
    assert Call.objects.get().updated_at == spoke_at


def test_what_was_reported_before_the_last_step_was_known_still_comes_after_it(line: Line) -> None:
    line.send("in-progress")
    Delivery.objects.update(received_at=Call.objects.get().updated_at - timedelta(seconds=1))
    run_jobs()
    assert [status for status, _ in line.lived()] == ["pending", "queued", "in-progress"]


def test_steps_that_are_reported_late_or_again_are_passed_over(line: Line) -> None:
    line.send("in-progress", "ringing", "answered", "initiated", "completed", "busy", "ringing")
    run_jobs()
    for delivery in Delivery.objects.all():
        Job.objects.create(
            kind="dispatch_delivery",
            payload={"delivery": str(delivery.pk)},
            due_at=delivery.received_at,
            created_at=delivery.received_at,
        )
    Delivery.objects.update(state=Delivery.State.STORED)
    run_jobs()
    lived = [status for status, _ in line.lived()]
    assert lived == ["pending", "queued", "in-progress", "completed"]


@pytest.mark.parametrize("last_first", [False, True])
def test_a_backlog_does_not_delay_what_is_written_of_a_call(
    line: Line, sandbox: Sandbox, last_first: bool
) -> None:
    line.send("ringing", "in-progress", "completed")
    Job.objects.exclude(kind="dispatch_delivery").delete()
    if last_first:
        waiting = Job.objects.filter(kind="dispatch_delivery").order_by("due_at")
        times = [job.due_at for job in waiting]
        for job, due_at in zip(waiting, reversed(times), strict=True):
            Job.objects.filter(pk=job.pk).update(due_at=due_at)
    run_jobs(seconds=7200)
    in_order = ["ringing", "in-progress", "completed"]
    assert line.lived()[2:] == [(status, came(status)) for status in in_order]
    assert Call.objects.get().updated_at == came("completed")


def test_the_price_is_asked_for_by_the_time_of_the_end(
    line: Line, sandbox: Sandbox, api: APIClient
) -> None:
    def asked() -> int:
        return sum(one.method == "GET" for one in sandbox.requests("twilio"))

    line.send("completed")
    before = asked()
    run_jobs(seconds=240)
    assert asked() == before
    run_jobs(seconds=400)
    assert asked() == before + 1
    run_jobs(seconds=4000)
    assert asked() == before + 1


def test_an_assistant_who_was_not_reached_is_noted_where_that_was_reported(
    api: APIClient, ava: str, sandbox: Sandbox
) -> None:
    form: dict[str, Any] = {"CallSid": "CA1", "From": THEIRS, "To": OURS}
    callback(ava, "voice", "", form | {"CallStatus": "ringing"})
    dialled = {"CallStatus": "in-progress", "DialCallStatus": "failed"}
    callback(ava, "dial-status", "", form | dialled)
    callback(ava, "call-status", "", form | {"CallStatus": "completed"})
    dispatches = Job.objects.filter(kind="dispatch_delivery").order_by("created_at")
    middle = list(dispatches)[1]
    Job.objects.filter(pk=middle.pk).delete()
    run_jobs()
    middle.save(force_insert=True)
    run_jobs()
    [call] = api.get(CALLS).json()["results"]
    lived = [(entry["status"], entry["detail"]) for entry in call["timeline"]]
    missed = "The assistant could not be reached (failed)."
    assert lived == [("ringing", ""), ("ringing", missed), ("completed", "")]
    assert shown(api, call["id"])["status"] == "completed"
