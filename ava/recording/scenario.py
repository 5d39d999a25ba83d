"""Scenario: a captured incident as a file. Pure."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

VERSION: Final = 1
API: Final = "/api/v1/"
ENVIRONMENT: Final = frozenset(
    {"CIRCUIT_BREAKER_THRESHOLD", "CIRCUIT_BREAKER_SUCCESS_THRESHOLD", "VAPI_CACHE_SECONDS"}
)
"""Variables that a scenario may set for its AVA."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

Fault = dict[str, Any]
"""An answer, as `POST /_sandbox/faults` takes it, without provider and count."""
Tracks = dict[str, list[str]]
"""What happened, by where: each track in its order. Between two tracks there is none."""


class ScenarioInvalid(ValueError):
    """A file that is no scenario; the message is a sentence."""


@dataclass(frozen=True)
class Ask:
    """One request to AVA. `{1}` in it is the ID that the first request got, `{assistant}` that of
    something in the sandbox, or of what was asked for before under this name."""

    method: str
    path: str
    body: Any = None
    name: str = ""


@dataclass(frozen=True)
class Scenario:
    """What was asked, what each provider answered in order, and what came of it."""

    about: str
    requests: list[Ask]
    answers: dict[str, list[Fault]] = field(default_factory=dict)  # by provider, in order
    callbacks: list[dict[str, Any]] | None = None  # turns; None: as the sandbox sends them
    before: list[Ask] = field(default_factory=list)  # asked first, while all is well
    accounts: list[str] = field(default_factory=list)  # at providers, that it needs
    failures_before: dict[str, int] = field(default_factory=dict)  # that breakers had counted
    phones: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    settled: bool = True  # nothing more was to come
    tracks: Tracks = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    version: int = VERSION


def dump(scenario: Scenario) -> str:
    """The file's text."""
    return json.dumps(asdict(scenario), indent=1, ensure_ascii=False) + "\n"


def load(text: str) -> Scenario:
    """The scenario of a file. Raises: ScenarioInvalid."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ScenarioInvalid("The file is not JSON.") from None
    if not isinstance(found, dict) or "version" not in found:
        raise ScenarioInvalid("The file is no capture: `manage.py capture` writes them.")
    if found["version"] != VERSION:
        raise ScenarioInvalid(f"The file has version {found['version']!r}; this AVA reads 1.")
    known = {one.name for one in fields(Scenario)}
    if unknown := sorted(found.keys() - known):
        raise ScenarioInvalid(f"There is no {unknown[0]!r} in a capture.")
    try:
        asks = {name: [_ask(one) for one in found.get(name, [])] for name in ("requests", "before")}
        scenario = Scenario(**{**found, **asks})
        _check(scenario)
    except (TypeError, ValueError, KeyError, AttributeError) as fault:
        if isinstance(fault, ScenarioInvalid):
            raise
        raise ScenarioInvalid("The file lacks something that each capture has.") from None
    return scenario


def _ask(given: dict[str, Any]) -> Ask:
    ask = Ask(**given)
    if ask.method not in _METHODS or not ask.path.startswith(API):
        raise ScenarioInvalid(f"A request goes to an address under {API}.")
    return ask


def _check(scenario: Scenario) -> None:
    if not scenario.requests:
        raise ScenarioInvalid("The capture has no request to repeat.")
    if foreign := sorted(scenario.environment.keys() - ENVIRONMENT):
        raise ScenarioInvalid(f"A capture does not set {foreign[0]}.")
    for name, kind in (("tracks", list), ("answers", list), ("effects", int)):
        if not all(isinstance(one, kind) for one in getattr(scenario, name).values()):
            raise ScenarioInvalid(f"The {name} of the capture are none.")
