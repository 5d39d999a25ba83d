"""Rehearsal of an outage: breaks a provider of the stage, asks as users do, and lets it recover."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from integrations.credentials.providers import PROVIDERS
from integrations.drill.alerts import Alerts
from integrations.drill.promises import RECOVERY, THRESHOLD, Reply, Seen
from integrations.drill.scenes import SCENES, Scene, verify
from integrations.drill.stage import Asked, CannotRehearse, Stage

AT_ONCE = 10
_PAUSE = 0.25
_PATIENCE = 15.0
_PROBE_MS = 700  # a probe takes this long: the others come meanwhile

Say = Callable[[str, Reply | None], None]
"""Called with each thing that happens: a sentence, and what the user got."""


class Rehearsal:
    """One outage of one provider."""

    def __init__(self, provider: str, stage: Stage, alerts: Alerts | None, say: Say) -> None:
        self._provider, self._stage, self._alerts, self._say = provider, stage, alerts, say
        self._scene: Scene = SCENES[provider]
        self._name = PROVIDERS[provider].name
        self._seen = Seen(self._name)

    def run(self) -> Seen:
        self._calm()
        self._outage()
        self._open()
        self._probe()
        self._recovery()
        return self._seen

    def _calm(self) -> None:
        if self._scene.keys is not None:
            path = f"/integrations/{self._provider}/credentials"
            self._stage.send(Asked("PUT", path, self._scene.keys))
        first = self._ask("All is well: a user asks")
        if first.status != 200:
            raise CannotRehearse(f"AVA did not answer before anything was broken: {first.detail}")
        if first.correlation_id not in self._stage.arrived(self._provider):
            raise CannotRehearse(
                "The request did not reach the drill's own sandbox. Nothing was broken: a drill "
                "never meets a real provider."
            )

        if self._alerts is not None:
            self._alerts.wait_for_breaker(is_open=False)  # it may still be starting

    def _outage(self) -> None:
        self._say(f"{self._name} breaks: from now on it answers 500", None)
        self._break(delay_ms=0)
        for _ in range(2 * THRESHOLD):
            reply = self._ask("a user asks")
            if reply.status == 503:
                self._seen.refused.append(reply)
                return
            self._seen.failing.append(reply)

    def _open(self) -> None:
        before = len(self._stage.arrived(self._provider))
        crowd = self._crowd()
        self._seen.refused += crowd
        self._say(f"{AT_ONCE} users ask at once: the slowest gets", max(crowd, key=_seconds))
        self._seen.written = self._write("a user changes or sends something")
        if self._scene.copied is not None:
            self._seen.copy = self._stage.send(self._scene.copied)
            self._say("a user looks at the last values", self._seen.copy)
        other = self._scene.bystander
        self._seen.bystander = self._stage.send(verify(other))
        self._say(f"a user of {PROVIDERS[other].name} asks", self._seen.bystander)
        self._seen.arrived = len(self._stage.arrived(self._provider)) - before
        self._during = self._alerts.wait_for_breaker(is_open=True) if self._alerts else {}

    def _probe(self) -> None:
        self._break(delay_ms=_PROBE_MS)
        time.sleep(self._left())
        before = len(self._stage.arrived(self._provider))
        self._seen.burst = self._crowd()
        self._seen.probes = len(self._stage.arrived(self._provider)) - before
        said = (
            f"{RECOVERY} s are over, {AT_ONCE} users ask at once: {self._seen.probes} got through"
        )
        self._say(said, max(self._seen.burst, key=_seconds))

    def _recovery(self) -> None:
        self._stage.order("DELETE", "faults")
        well = time.monotonic()
        self._say(f"{self._name} is well again", None)
        self._seen.done_meanwhile = self._scene.done(self._stage)
        time.sleep(self._left())
        while time.monotonic() - well < _PATIENCE:
            reply = self._ask("a user asks")
            if reply.status == 200 and self._state() == "closed":
                self._seen.recovered = time.monotonic() - well
                break
            time.sleep(_PAUSE)
        self._seen.again = self._write("the user does it again")
        self._seen.done = self._done()
        if self._alerts is not None:
            after = self._alerts.wait_for_breaker(is_open=False)
            self._seen.alerts = self._during, after

    def _break(self, *, delay_ms: int) -> None:
        self._stage.order("DELETE", "faults")
        fault = {"kind": "status", "status": 500, "delay_ms": delay_ms}
        self._stage.order("POST", "faults", provider=self._provider, **fault)

    def _ask(self, said: str) -> Reply:
        reply = self._stage.send(self._scene.ask)
        self._say(said, reply)
        return reply

    def _write(self, said: str) -> Reply:
        reply = self._stage.send(self._scene.write)
        self._say(said, reply)
        return reply

    def _done(self) -> int:
        """Number of times that the provider has done it, once it has: some take a moment."""
        give_up = time.monotonic() + _PATIENCE
        while not (done := self._scene.done(self._stage)) and time.monotonic() < give_up:
            time.sleep(_PAUSE)
        return done

    def _crowd(self) -> list[Reply]:
        with ThreadPoolExecutor(AT_ONCE) as users:
            return list(users.map(self._stage.send, [self._scene.ask] * AT_ONCE))

    def _left(self) -> float:
        """Seconds until the breaker lets somebody try again."""
        for _ in range(3):
            reply = self._stage.send(self._scene.ask)
            if reply.status != 502:  # else it was the one that tried again
                break
        return float(reply.retry_after)

    def _state(self) -> str:
        found = self._stage.send(Asked("GET", "/integrations")).body["results"]
        states = {one["provider"]: one["breaker_state"] for one in found}
        return str(states[self._provider])


def _seconds(reply: Reply) -> float:
    return reply.seconds
