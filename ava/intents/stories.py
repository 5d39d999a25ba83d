"""Story of an intent on its page: its time line in words, and how soon to look again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self
from zlib import crc32

from django.urls import reverse
from django.utils import timezone

from ava.console import navigation, states
from ava.intents.models import Intent
from ava.intents.timeline import Source

_SOURCES: Final = {
    Source.API: "Asked for through AVA",
    Source.CALLBACK: "Reported by the provider",
    Source.FETCH: "Looked up at the provider",
    Source.RECONCILE: "Found out by AVA",
    Source.USER: "Done by a person",
}
# Seconds between two looks at what still goes on, by how long nothing has changed. With the list
# beside it, which looks every 5 s, a page asks at most once a second.
_PACE: Final = ((60, 2), (300, 3), (3600, 15))
_SLOWEST: Final = 60
_LATE: Final = timedelta(minutes=2)  # after the end
_SOON: Final = 600  # up to this the seconds between two steps are shown


@dataclass(frozen=True)
class Step:
    """An entry of a time line."""

    tone: states.Tone
    icon: str
    title: str
    detail: str
    at: datetime
    is_now: bool


@dataclass(frozen=True)
class Story:
    """One intent, as it goes on."""

    row: Any
    list: str  # its address
    steps: Sequence[Step]
    every: int  # seconds until the next look; 0: nothing more is to come
    mark: str  # the same for as long as nothing has changed

    @classmethod
    def of(cls, row: Intent, *, room: str) -> Self:
        entries = row.entries
        steps = [
            _step(entry, before, is_now=entry is entries[-1] and not row.is_final)
            for before, entry in zip([None, *entries], entries, strict=False)
        ]
        every = _every(row, timezone.now(), is_open=cls.is_open(row))
        facts = repr((row.status, len(steps), row.error, every, *cls.facts(row)))
        return cls(row, reverse(room), steps, every, mark=f"{crc32(facts.encode()):x}")

    @staticmethod
    def facts(row: Any) -> Sequence[Any]:
        """Facts that may change beside status and time line."""
        return ()

    @staticmethod
    def is_open(row: Any) -> bool:
        """Whether more may become known soon after its end."""
        return False

    @property
    def activity(self) -> str:
        """Address of all that happened under its correlation ID."""
        return navigation.story(self.row.correlation_id)


def _step(entry: Any, before: Any, *, is_now: bool) -> Step:
    shown = states.shown(entry.status)
    said, source = _sentence(entry.detail), _SOURCES.get(entry.source, "")
    if said and before and before.status == entry.status:
        title, detail = said, source
    else:
        title, detail = _sentence(shown.word), said or source
    seconds = int((entry.at - before.at).total_seconds()) if before else 0
    if 0 < seconds < _SOON:
        detail = f"{detail}, {seconds} s later"
    return Step(shown.tone, shown.icon, title, detail, entry.at, is_now)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _every(row: Intent, now: datetime, *, is_open: bool) -> int:
    quiet = now - row.updated_at
    if row.is_final:
        return 5 if is_open and quiet < _LATE else 0
    if row.status in row.machine.resting and quiet.total_seconds() > 3600:
        return 0
    seconds = quiet.total_seconds()
    return next((pace for most, pace in _PACE if seconds < most), _SLOWEST)
