"""Clients of a user's calendar, with an access token that is renewed where it is refused."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from ava.upstream import ProviderAuthFailed
from integrations.calendar import connections
from integrations.calendar.errors import ReconnectRequired
from integrations.calendar.events.google import GoogleCalendar
from integrations.calendar.events.microsoft import MicrosoftCalendar
from integrations.calendar.events.records import Event, NewEvent, Page, Slot
from integrations.calendar.providers import GOOGLE, MICROSOFT, SERVICES

T = TypeVar("T")


class Client(Protocol):
    """A calendar at its provider. What each method raises stands there."""

    def events(
        self, start: datetime, end: datetime, *, limit: int, search: str = "", cursor: str = ""
    ) -> Page: ...

    def event(self, event_id: str) -> Event: ...

    def busy(self, start: datetime, end: datetime, tz: ZoneInfo) -> list[Slot]: ...

    def create(self, key: UUID, new: NewEvent) -> Event: ...

    def find(self, key: UUID, new: NewEvent) -> Event | None: ...

    def delete(self, event_id: str) -> None: ...


CLIENTS: dict[str, Callable[[str], Client]] = {
    GOOGLE.label: GoogleCalendar,
    MICROSOFT.label: MicrosoftCalendar,
}


def ask(work: Callable[[Client], T], *, user: User, provider: str) -> T:
    """Result of `work` on the user's calendar. It is done again where the token had ended.

    Raises: what `work` does, and `connections.access`.
    """
    access = connections.access(user=user, provider=provider)
    while True:
        try:
            return work(CLIENTS[provider](access.token))
        except ProviderAuthFailed as refusal:
            if refusal.refused == HTTPStatus.FORBIDDEN:
                reason = "it does not let AVA do this."
                raise ReconnectRequired(SERVICES[provider], reason) from None
            access = connections.refused(access)
