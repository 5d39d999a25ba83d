"""Parts of a recording: what each app knows of its own requests, callbacks and rows.

An app registers, in its `ready()`, the requests that can be repeated. What it hands out is made of
`Fakes`: no number, address, text or key of a user's is in it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ava.recording.fakes import Fakes
from ava.recording.scenario import Ask, Fault
from ava.recording.tracks import TOKEN


class NotRepeatable(Exception):
    """An incident that AVA cannot capture; the message is a sentence that says why."""


SOON: Final = "{soon}"
"""In a request: a moment some seconds after the replay began."""


@dataclass(frozen=True)
class Attempt:
    """One attempt at a provider, as the activity has it."""

    provider: str  # its label
    method: str
    path: str
    status: str

    @property
    def is_change(self) -> bool:
        """It asked for something to be done: neither a read nor a token."""
        return self.method != "GET" and not self.is_for_token

    @property
    def is_for_token(self) -> bool:
        """It asked for an access token."""
        return self.path == TOKEN

    @property
    def is_taken(self) -> bool:
        """The provider answered that it did it."""
        return self.status.startswith("2") or self.status == "answered"

    @property
    def is_lost(self) -> bool:
        """Whether the provider did it is open: no usable answer."""
        return not self.status.isdecimal() or self.status.startswith(("3", "5"))


@dataclass(frozen=True)
class Asked:
    """A request of the incident, for the app that repeats it."""

    owner_id: int
    correlation_id: str
    status: str
    nth: int  # of those with this method and pattern, from 0
    named: dict[str, str]  # groups of the pattern
    attempts: Sequence[Attempt]
    refused: Sequence[str]  # labels of the providers that AVA did not ask, each time
    fakes: Fakes
    place: Callable[[str], str]  # of a row's ID, in a path


@dataclass(frozen=True)
class End:
    """What became of one of several things that a provider was asked for."""

    asked_at: float  # its last request was the first from then on
    is_done: bool
    error: str = ""


@dataclass(frozen=True)
class Repeat:
    """What repeats a request, and makes ready for it."""

    ask: Ask
    row: str = ""  # the ID that it got
    before: Sequence[Ask] = ()
    accounts: Sequence[str] = ()  # beside the demo user's; after a colon, in which state
    phones: Sequence[dict[str, Any]] = ()
    provider: str = ""  # that was to do it
    is_done: bool = False  # by the provider, in the end
    error: str = ""  # the provider's own, where it refused
    ends: Sequence[End] = ()  # where it asked for several things, one after the other
    answers: dict[str, list[Fault]] = field(default_factory=dict)  # of providers without HTTP
    effects: dict[str, int] = field(default_factory=dict)  # on people
    callbacks: Sequence[tuple[float, str]] = ()  # events, and when: of webhooks without its ID
    is_settled: bool = True
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Account:
    """An account at a provider that the sandbox plays. Where it has `hooks`, webhooks are
    registered at that address, under the key, for these events. `port`: of what its port is.
    `consent`: where AVA gives the link to it, if the provider asks a person; `token`: what is
    ordered of the access token that it gives then."""

    fields: dict[str, str] = field(default_factory=dict)
    port: str = ""  # `GET /_sandbox/{port}` tells it
    hooks: str = ""
    key: str = ""
    events: Sequence[str] = ()
    consent: str = ""
    token: dict[str, Any] | None = None


@dataclass(frozen=True)
class Found:
    """What the sandbox lists first at an address, changed so that a replay can use it. Where
    `{name}` stands in a request, its ID is put."""

    path: str
    key: str
    change: dict[str, Any]


@dataclass(frozen=True)
class Repeater:
    """Requests with this method, at addresses that match."""

    method: str
    pattern: re.Pattern[str]
    repeat: Callable[[Asked], Repeat]


repeaters: Final[list[Repeater]] = []
events: Final[dict[tuple[str, str], Callable[[str, dict[str, Any], Fakes], str]]] = {}
"""By provider and kind of webhook: the name of its event in the sandbox's order of callbacks, by
event and payload."""
words: Final = {"provider_unavailable"}
"""Statuses and events of webhooks that a capture may name."""
checks: Final[dict[str, Ask]] = {}
"""By provider: what asks it once, where that is not a check of credentials."""
repeating: Final[set[str]] = set()
"""Providers that AVA asks once more for a change, too: a second one does no harm."""
accounts: Final[dict[str, "Account"]] = {}
"""By provider: what the sandbox knows, and the demo user does not have."""
found: Final[dict[str, "Found"]] = {}
"""By name in a request."""
numbers: Final[list[Callable[[int, str], Iterable[str]]]] = []
"""Phone numbers that an owner's rows under a correlation ID hold."""


def register(method: str, pattern: str, repeat: Callable[[Asked], Repeat]) -> None:
    """Register how requests of one kind are repeated. `pattern`: what follows /api/v1/, whole."""
    repeaters.append(Repeater(method, re.compile(rf"/api/v1/{pattern}"), repeat))


def require_reason(asked: Asked) -> None:
    """Raises NotRepeatable: no row was made, and AVA itself refused what it said."""
    if not asked.attempts and asked.status not in ("502", "503"):
        raise NotRepeatable(
            f"AVA refused it ({asked.status}) for what it said, and keeps no bodies."
        )
