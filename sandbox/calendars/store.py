"""Events of one account, and what an app did to them."""

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox.calendars.timing import Timing
from sandbox.clock import iso_time, utc_now
from sandbox.oauth.grants import Account

Fields = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One event, or a series. `fields` are the provider's own, as they were given."""

    id: str
    timing: Timing
    fields: Fields
    created: datetime
    updated: datetime
    revision: int = 0
    deleted: bool = False


@dataclass
class Calendar:
    """An account's calendar. Methods may be called by many threads at once."""

    account: Account
    zone_name: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    _events: dict[str, Event] = field(default_factory=dict)

    def events(self) -> list[Event]:
        """All events, deleted ones included, the oldest first."""
        with self.lock:
            return list(self._events.values())

    def get(self, event_id: str) -> Event | None:
        """One event, also a deleted one."""
        with self.lock:
            return self._events.get(event_id)

    def add(self, event_id: str, timing: Timing, fields: Fields, at: datetime) -> Event:
        """Add an event under an id that is free."""
        with self.lock:
            event = Event(event_id, timing, fields, at, at)
            self._events[event_id] = event
            return event

    def change(self, event: Event, **changes: Any) -> Event:
        """Replace parts of an event."""
        with self.lock:
            current = self._events[event.id]
            revision = current.revision + 1
            changed = replace(current, updated=utc_now(), revision=revision, **changes)
            self._events[event.id] = changed
            return changed


class EventEffects:
    """Record of events that apps made and took back, for `/_sandbox/effects`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._effects: list[Fields] = []

    def reset(self) -> None:
        """Forget them."""
        with self._lock:
            self._effects.clear()

    def all(self) -> list[Fields]:
        """Copies, in order."""
        with self._lock:
            return [dict(effect) for effect in self._effects]

    def created(self, provider: str, calendar: Calendar, event: Event, **shown: Any) -> None:
        """An event was made. `shown`: title and attendees."""
        first = event.timing.first(calendar.zone_name)
        effect = {
            "provider": provider,
            "account": calendar.account.email,
            "id": event.id,
            **shown,
            "start": iso_time(first.start),
            "end": iso_time(first.end),
            "at": iso_time(event.created),
            "deleted_at": None,
        }
        with self._lock:
            self._effects.append(effect)

    def deleted(self, event_id: str) -> None:
        """An event that an app made was taken back."""
        with self._lock:
            for effect in self._effects:
                if effect["id"] == event_id:
                    effect["deleted_at"] = iso_time(utc_now())
