"""Capture of an incident: the rows under a correlation ID become a scenario without secrets."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import Resolver404, resolve

from ava import upstream
from ava.activity import queries
from ava.inbound.models import Delivery
from ava.observability.recorder import Entry
from ava.recording import answers, parts, tracks
from ava.recording.fakes import Fakes
from ava.recording.parts import Asked, NotRepeatable, Repeat
from ava.recording.scenario import Scenario
from ava.recording.tracks import Happening, Names

LONGEST_PAUSE_MS = 500
"""Between two callbacks, however long it was."""
SHORTEST_PAUSE_MS = 100
"""Before each callback: it must come after the answer that AVA waits for, and its job after that of
the callback before it."""

_COLUMNS = ("provider", "kind", "event", "payload", "received_at")


def label_of(name: str) -> str:
    """A provider's label by its name in sentences."""
    services = [one.service for one in upstream.doors()]
    known = {name: one.label for one in services for name in (one.name, one.label)}
    return known.get(name, "provider")


def route_of(path: str) -> str:
    """The pattern of an address of AVA's: no ID and no name is in it."""
    try:
        return f"/{resolve(path).route}"
    except Resolver404:
        return "*"


NAMES = Names(label=label_of, route=route_of, words=parts.words)


def happening(entry: Entry) -> Happening:
    """An entry of a story, for its tracks."""
    return Happening(
        at=entry.at.timestamp(),
        kind=entry.kind,
        summary=entry.summary,
        status=entry.status,
        link=entry.link,
        duration_ms=entry.duration_ms or 0.0,
    )


def capture(*, user: User, correlation_id: str) -> Scenario:
    """The incident as a scenario. Raises: NotRepeatable."""
    story = [happening(one) for one in queries.story(user=user, correlation_id=correlation_id)]
    if not story:
        raise NotRepeatable("Nothing under this correlation ID belongs to the user.")
    seen = answers.read(story, NAMES)
    fakes = Fakes({number for find in parts.numbers for number in find(user.pk, correlation_id)})
    repeats = _repeats(story, seen, user, correlation_id, fakes)
    done = {one.provider for one in repeats if one.is_done}
    errors = {one.provider: one.error for one in repeats if one.error}
    threshold, successes = settings.BREAKER_THRESHOLD, settings.BREAKER_SUCCESS_THRESHOLD
    environment = {
        "CIRCUIT_BREAKER_THRESHOLD": str(threshold),
        "CIRCUIT_BREAKER_SUCCESS_THRESHOLD": str(successes),
    }
    for one in repeats:
        environment |= one.environment
    ends = {one.provider: one.ends for one in repeats if one.ends}
    given = answers.faults(seen, done=done, errors=errors, ends=ends, repeating=parts.repeating)
    for one in repeats:
        for provider, replies in one.answers.items():
            given.setdefault(provider, []).extend(replies)
    requests = [(one.ask.method, route_of(one.ask.path)) for one in repeats]
    return Scenario(
        about=", ".join(f"{method} {route}" for method, route in dict.fromkeys(requests)),
        requests=[one.ask for one in repeats],
        answers=given,
        callbacks=_callbacks(seen, repeats, user, correlation_id, fakes),
        before=_each_once([ask for one in repeats for ask in one.before]),
        accounts=_first_of_each(repeats),
        failures_before=answers.failures_before(story, seen, NAMES, threshold=threshold),
        phones=[phone for one in repeats for phone in one.phones],
        environment=environment,
        settled=all(one.is_settled for one in repeats),
        tracks=tracks.read(story, NAMES),
        effects=dict(sum((Counter(one.effects) for one in repeats), Counter())),
    )


def _each_once(found: list[Any]) -> list[Any]:
    return [one for at, one in enumerate(found) if one not in found[:at]]


def _first_of_each(repeats: Sequence[Repeat]) -> list[str]:
    """The accounts, one of each provider: as they were when it was first asked."""
    found: dict[str, str] = {}
    for name in (name for one in repeats for name in one.accounts):
        found.setdefault(name.partition(":")[0], name)
    return [*found.values()]


def _repeats(
    story: Sequence[Happening],
    seen: Sequence[answers.Seen],
    user: User,
    correlation_id: str,
    fakes: Fakes,
) -> list[Repeat]:
    requests = [one for one in story if one.kind == "request"]
    if not requests:
        raise NotRepeatable("No request carries this ID: only what a request began is repeated.")
    refused = answers.refused(story, NAMES)
    counted: Counter[int] = Counter()
    found: list[Repeat] = []
    for at, one in enumerate(requests):
        method, path = tracks.requested(one)
        place, repeater, named = _repeater(method, path)
        until = requests[at + 1].at if at + 1 < len(requests) else float("inf")
        rows = [repeat.row for repeat in found]
        asked = Asked(
            owner_id=user.pk,
            correlation_id=correlation_id,
            status=one.status,
            nth=counted[place],
            named=named,
            attempts=[each.attempt for each in seen if one.at <= each.at < until],
            refused=[each for at, each in refused if one.at <= at < until],
            fakes=fakes,
            place=partial(_place, rows),
        )
        counted[place] += 1
        found.append(repeater.repeat(asked))
    return found


def _place(rows: list[str], row: str) -> str:
    if row not in rows:
        raise NotRepeatable("A request is about something that another request had begun.")
    return f"{{{rows.index(row) + 1}}}"


def _repeater(method: str, path: str) -> tuple[int, parts.Repeater, dict[str, str]]:
    for place, one in enumerate(parts.repeaters):
        found = one.pattern.fullmatch(path) if one.method == method else None
        if found:
            return place, one, found.groupdict()
    raise NotRepeatable(
        f"{method} {route_of(path)} cannot be repeated: AVA keeps no bodies, and no row has it."
    )


def _callbacks(
    seen: Sequence[answers.Seen],
    repeats: Sequence[Repeat],
    user: User,
    correlation_id: str,
    fakes: Fakes,
) -> list[dict[str, object]] | None:
    """The turns of the callbacks, where each has a place in the sandbox's order."""
    came = [(*one, repeat.provider) for repeat in repeats for one in repeat.callbacks]
    rows = Delivery.objects.filter(owner=user, correlation_id=correlation_id)
    ordered = rows.order_by("received_at", "id").values_list(*_COLUMNS)
    for provider, kind, event, payload, at in ordered:
        named = parts.events.get((provider, kind))
        if named is None:
            return None
        came.append((at.timestamp(), named(event, payload, fakes), provider))
    turns: list[dict[str, object]] = []
    last: float | None = None
    for at, event, provider in sorted(came, key=lambda one: one[0]):
        if last is None:
            pause = _after_answer(seen, provider, at)
        else:
            pause = max((at - last) * 1000, SHORTEST_PAUSE_MS)
        turn: dict[str, object] = {"event": event, "after_ms": min(int(pause), LONGEST_PAUSE_MS)}
        if last is None and _was_looked_for(seen, provider, at):
            turn["after_read"] = True
        turns.append(turn)
        last = at
    return turns


def _after_answer(seen: Sequence[answers.Seen], provider: str, came: float) -> float:
    """Milliseconds from the answer that AVA got to the first callback; 0 where that came first."""
    asked = [one for one in seen if one.attempt.provider == provider and one.at < came]
    ended_at = max((one.ended_at for one in asked if one.attempt.method != "GET"), default=came)
    return max((came - ended_at) * 1000, SHORTEST_PAUSE_MS) if ended_at < came else 0


def _was_looked_for(seen: Sequence[answers.Seen], provider: str, came: float) -> bool:
    """Whether AVA looked for what an answer got lost of, before a callback told it."""
    asked = [one.attempt for one in seen if one.attempt.provider == provider and one.at < came]
    changes = [at for at, one in enumerate(asked) if one.is_change]
    return bool(changes) and asked[changes[-1]].is_lost and len(asked) > changes[-1] + 1
