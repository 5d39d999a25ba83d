"""An AVA in this process whose clock can be moved on, with the sandbox: incidents are recorded and
replayed here within moments, however long AVA waits."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from ava.accounts import services as accounts
from ava.activity import services as activity
from ava.http import correlation
from ava.jobs import kinds
from ava.jobs import services as jobs
from ava.jobs.models import Job
from ava.recording import parts
from ava.recording.capture import NAMES, capture
from ava.recording.replay import Outcome, replay
from ava.recording.scenario import Scenario, dump, load
from ava.recording.stage import HttpStage
from integrations.credentials.models import Credential
from sandbox.phones.scheduler import Scheduler
from sandbox.server import Sandbox
from tests import resets

PERSON, WORDS, ADDRESS = "+14155557788", "The code is 471100", "grace@hopper.example"
PLANTED = (
    *("4155557788", "471100", "The code", "grace", "hopper", ADDRESS, "ada@example.com"),
    *("vapi-demo-key", "re_demo", "twilio-demo-token", "AC0000", "127.0.0.1", "5d0e9c1a"),
)
"""What no capture may hold: it is in what is asked here, or in the keys that it is asked with."""
DEADLINE = 1.5
"""Seconds that a provider has in the studio: on a busy machine enough for as many attempts."""
FAR = timedelta(minutes=3)
"""What AVA plans for later is not waited for."""
# A phone rings for long enough that AVA's job has looked at it by then, as jobs do in life.
PACE = {"ring_ms": 100, "no_answer_ms": 2, "text_ms": 1, "mail_ms": 1, "speed": 1000}


class Studio(HttpStage):
    """A stage that is itself driven, and can be cleared for the next scene."""

    def __init__(
        self, url: str, sandbox: Sandbox, user: User, clock: time_machine.Traveller
    ) -> None:
        super().__init__(url, sandbox.url, "")
        self.played, self.user, self.clock = sandbox, user, clock
        self.clear()

    def clear(self) -> None:
        """As after a start: a fresh sandbox, closed breakers, no copies, no account besides."""
        Credential.objects.filter(user=self.user, provider__in=("resend", "smtp")).delete()
        self.played.pause_callbacks()
        self.played.reset()
        resets.reset()
        Job.objects.exclude(key="periodic").delete()
        self.order("pace", PACE)
        self.token = accounts.open_session(user=self.user).access_token

    def pass_time(self) -> None:
        """Let everything come to its end: asked for the story meanwhile, AVA would be late with its
        jobs, and the next callback overtake them."""
        self.settle()

    def _go_on(self) -> None:
        """Run what is due; when all is still, go on to what is due next."""
        if jobs.run_due():
            return
        if not self._is_quiet():
            time.sleep(0.005)
        elif (due := self._next()) is not None:
            self.clock.shift(max(due - timezone.now(), timedelta(0)) + timedelta(seconds=0.01))

    def _is_quiet(self) -> bool:
        """Whether the sandbox sends nothing, and will not in the next second."""
        network = self.played._state.network
        return not any(_is_busy(one) for one in (network.timers, network.senders))

    def _next(self) -> Any:
        waiting = [name for name, kind in kinds.items() if kind.every is None]
        rows = Job.objects.filter(state=Job.State.QUEUED, kind__in=waiting)
        rows = rows.filter(due_at__lt=timezone.now() + FAR).order_by("due_at")
        return rows.values_list("due_at", flat=True).first()

    def is_still(self) -> bool:
        """Whether nothing is on its way, or due within minutes."""
        return self._is_quiet() and self._next() is None

    def use(self, provider: str, *, reports: bool = True) -> None:
        """Give the user an account beside those of the demo user, with or without its webhooks."""
        account = parts.accounts[provider]
        self.connect(provider, account if reports else replace(account, hooks=""))

    def record(self, method: str, path: str, body: Any = None, *, under: str = "") -> str:
        """Have something asked, and all come of it. Its correlation ID."""
        its_id = under or correlation.new()
        self.ask(method, f"/api/v1{path}", body, correlation_id=its_id)
        self.settle()
        return its_id

    def settle(self) -> None:
        """Let everything come to its end."""
        give_up = time.monotonic() + 30
        while not self.is_still():
            assert time.monotonic() < give_up, "it did not come to an end"
            self._go_on()

    def capture(self, correlation_id: str) -> Scenario:
        """The capture of an incident, as it comes back from its file."""
        activity.write()
        text = dump(capture(user=self.user, correlation_id=correlation_id))
        assert [one for one in [correlation_id, *PLANTED] if one in text] == []
        return load(text)

    def replay(self, scenario: Scenario) -> Outcome:
        """Play a scenario on a cleared stage."""
        self.clear()
        return replay(scenario, self, NAMES, patience=8)


def _is_busy(scheduler: Scheduler) -> bool:
    with scheduler._changed:
        soon = time.monotonic() + 1
        under_way = scheduler._idle != scheduler._started
        return under_way or any(at < soon for at, *_ in scheduler._due)
