"""Words of states: how good each is, its icon, and how it is written."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "waiting", "bad", "unknown"]


@dataclass(frozen=True)
class Shown:
    word: str
    tone: Tone
    icon: str


_ICONS: dict[Tone, str] = {
    "good": "circle-check",
    "waiting": "clock",
    "bad": "circle-x",
    "unknown": "circle-dashed",
}

_WORDS: dict[Tone, str] = {
    "good": (
        "completed delivered read received sent connected closed healthy opened clicked active on"
        " confirmed installed done"
    ),
    "waiting": (
        "scheduled pending queued ringing in-progress accepted receiving sending half-open"
        " half_open retrying paused partially_delivered running played"
    ),
    "bad": (
        "failed undelivered bounced complained suppressed open refused reconnect unreadable ended"
        " busy no-answer key-refused"
    ),
    "unknown": "unknown canceled cancelled deleted none off not-connected",
}

_STATES: dict[str, Shown] = {
    word: Shown(word.replace("-", " ").replace("_", " "), tone, _ICONS[tone])
    for tone, words in _WORDS.items()
    for word in words.split()
} | {
    "unknown": Shown("not confirmed yet", "waiting", "loader-circle"),
    "in-progress": Shown("on the line", "waiting", "phone-call"),
    "ringing": Shown("ringing", "waiting", "phone-outgoing"),
    "no-answer": Shown("no answer", "bad", "phone-missed"),
    "busy": Shown("busy", "bad", "phone-off"),
    "open": Shown("not reachable", "bad", "circle-x"),
    "half_open": Shown("trying again", "waiting", "refresh-cw"),
    "closed": Shown("healthy", "good", "circle-check"),
    "complained": Shown("reported as spam", "bad", "circle-x"),
    "none": Shown("not connected", "unknown", "unplug"),
    "stub": Shown("demo", "unknown", "flask-conical"),
}


def shown(word: str) -> Shown:
    """A state as people read it; one that is not known stands as it is."""
    return _STATES.get(word) or Shown(word.replace("_", " "), "unknown", _ICONS["unknown"])
