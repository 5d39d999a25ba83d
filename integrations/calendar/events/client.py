"""Client base of calendars: authorised requests through the provider's door, and its errors."""

from typing import Any, ClassVar

from ava import upstream
from ava.upstream import ProviderAuthFailed, ProviderUnreachable, Service
from integrations.calendar.events.bodies import Body
from integrations.calendar.events.errors import EventNotFound, problem_for


class CalendarClient:
    """A user's calendar at one provider, by an access token."""

    service: ClassVar[Service]

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}

    def _ask(self, method: str, path: str, **parts: Any) -> Body:
        """The JSON object of an answer; empty where it has no body.

        Raises: AlreadyCreated, EventNotFound, EventRefused, NoCalendar, ProviderProblem.
        """
        try:
            door = upstream.door(self.service.label)
            answer = door.send(method, path, headers=self._headers, **parts)
        except ProviderAuthFailed as refusal:
            problem = problem_for(self.service, refusal.refused, refusal.answer)
            raise (problem or refusal) from None
        if not 200 <= answer.status < 300:
            problem = problem_for(self.service, answer.status, answer.body)
            raise problem or ProviderUnreachable(self.service)
        found = answer.json() if answer.body else {}
        if not isinstance(found, dict):
            raise ProviderUnreachable(self.service)
        return found


def checked_id(event_id: str) -> str:
    """An ID of an event as part of a path. Raises: EventNotFound: no provider has such IDs."""
    plain = event_id.isascii() and event_id.isprintable() and len(event_id) <= 1024
    if not plain or not event_id.strip(".") or set(event_id) & set("/\\?#% "):
        raise EventNotFound
    return event_id
