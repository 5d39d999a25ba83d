"""Calendars of a user. In this release the stub alone answers."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from ava.upstream import Service
from integrations import runtime_config
from integrations.calendar import demo
from integrations.calendar.demo import Event
from integrations.calendar.errors import UnknownCalendar
from integrations.errors import StubsDisabled

GOOGLE = Service("google", "Google Calendar")
MICROSOFT = Service("microsoft", "Microsoft 365")
NAMES = {service.label: service.name for service in (GOOGLE, MICROSOFT)}


@dataclass(frozen=True)
class Calendar:
    """Events of one provider; `status` says whether they are real ("live") or demo ("stub")."""

    provider: str
    status: str
    next_steps: str
    events: list[Event]


def upcoming(*, user: User, provider: str, now: datetime) -> Calendar:
    """Next events of the user's calendar: demo events, while stub mode is on."""
    if provider not in NAMES:
        raise UnknownCalendar(provider)
    if not runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        raise StubsDisabled("Please complete OAuth setup for calendar access.")
    next_steps = (
        f"These are demo events. Complete OAuth setup for {NAMES[provider]} "
        "to see your own calendar, as soon as your AVA offers it."
    )
    return Calendar(provider, "stub", next_steps, demo.events(provider=provider, now=now))
