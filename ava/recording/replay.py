"""Replay of a scenario on a stage, and whether the same came of it."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ava.http import correlation
from ava.recording import parts, tracks
from ava.recording.scenario import Ask, Scenario, Tracks
from ava.recording.stage import Answered, Stage, StageBroken, story
from ava.recording.tracks import Names

PATIENCE: Final = 30.0
"""Seconds without anything new, after which nothing more is waited for: AVA asks a provider that
is silent after 20."""
QUIET: Final = 1.0
"""Seconds in which nothing more may come once it has."""
LATER: Final = timedelta(seconds=5)
"""What was for later is done so long after a replay began."""
_PLACE: Final = re.compile(r"\{(\w+)\}")

Clock = Callable[[], float]


@dataclass(frozen=True)
class Outcome:
    """What came of a replay."""

    recorded: Scenario
    tracks: Tracks
    effects: dict[str, int]

    @property
    def is_same(self) -> bool:
        """Statuses, timelines and effects are those that were recorded."""
        recorded = self.recorded
        return recorded.effects == self.effects and tracks.same(
            recorded.tracks, self.tracks, settled=recorded.settled
        )


def replay(
    scenario: Scenario,
    stage: Stage,
    names: Names,
    *,
    patience: float = PATIENCE,
    quiet: float = QUIET,
    clock: Clock = time.monotonic,
) -> Outcome:
    """Play a scenario. Raises: StageBroken."""
    places = _places(scenario, stage)
    _prepare(scenario, stage, places)
    before = Counter(stage.effects())
    replayed = correlation.new()
    for nth, ask in enumerate(scenario.requests, 1):
        places[str(nth)] = _ask(stage, ask, places, correlation_id=replayed)
    news_at, seen, same_since = clock(), None, None
    while True:
        stage.pass_time()
        was_still = stage.is_still()
        effects = dict(Counter(stage.effects()) - before)
        outcome = Outcome(scenario, tracks.read(story(stage, replayed), names), effects)
        now = clock()
        if outcome != seen:
            news_at, seen = now, outcome
        if not outcome.is_same:
            same_since = None
        elif same_since is None:
            same_since = now
        is_over = same_since is not None and now - same_since >= quiet
        if is_over or was_still or now - news_at >= patience:
            return outcome


def _places(scenario: Scenario, stage: Stage) -> dict[str, str]:
    """IDs of what requests name, by its name."""
    asked = json.dumps([asdict(ask) for ask in (*scenario.before, *scenario.requests)])
    named = {*_PLACE.findall(asked)}
    found = {name: stage.find(one) for name, one in parts.found.items() if name in named}
    return found | {parts.SOON[1:-1]: (datetime.now(UTC) + LATER).isoformat()}


def _prepare(scenario: Scenario, stage: Stage, places: dict[str, str]) -> None:
    other = correlation.new()
    for account in scenario.accounts:
        if account not in parts.accounts:
            raise StageBroken(f"The sandbox knows no credentials for {account}.")
        stage.connect(account, parts.accounts[account])
    for ask in scenario.before:
        made = _require(stage, _filled(ask, places), correlation_id=other)
        if ask.name:
            places[ask.name] = made
    for provider, number in scenario.failures_before.items():
        _fail(stage, provider, number, correlation_id=other)
    for phone in scenario.phones:
        stage.order("phone", phone)
    if scenario.callbacks is not None:
        stage.order("callbacks", {"order": scenario.callbacks})
    for provider, answers in scenario.answers.items():
        for answer in answers:
            stage.order("faults", {**answer, "provider": provider, "count": 1})


def _fail(stage: Stage, provider: str, number: int, *, correlation_id: str) -> None:
    """Have a provider fail, so that its breaker has counted as many failures as it had then."""
    refused = {"Retry-After": "60"}  # AVA makes one attempt only
    fault = {"provider": provider, "kind": "status", "status": 503, "headers": refused}
    verify = Ask("POST", f"/api/v1/integrations/{provider}/credentials/verify")
    check = parts.checks.get(provider, verify)
    for _ in range(number):
        stage.order("faults", {**fault, "count": 1})
        stage.ask(check.method, check.path, None, correlation_id=correlation_id)


def _ask(stage: Stage, ask: Ask, places: dict[str, str], *, correlation_id: str) -> str:
    """Send a request. The ID of what it made."""
    ask = _filled(ask, places)
    answered = stage.ask(ask.method, ask.path, ask.body, correlation_id=correlation_id)
    return _id_in(answered)


def _filled(ask: Ask, places: dict[str, str]) -> Ask:
    """The request with IDs in their places."""
    text = json.dumps(asdict(ask))
    return Ask(**json.loads(_PLACE.sub(lambda found: places.get(found[1], found[0]), text)))


def _id_in(answered: Answered) -> str:
    """The ID of what an answer shows, or of the first event that it lists."""
    body = answered.body if isinstance(answered.body, dict) else {}
    first: dict[str, Any] = next(iter(body.get("events", [])), {})
    return str(body.get("id") or first.get("id", ""))


def _require(stage: Stage, ask: Ask, *, correlation_id: str) -> str:
    """Send a request that must be taken. The ID in its answer."""
    answered = stage.ask(ask.method, ask.path, ask.body, correlation_id=correlation_id)
    if answered.status >= 400:
        raise StageBroken(f"{ask.method} {ask.path} was refused before the replay began.")
    return _id_in(answered)
