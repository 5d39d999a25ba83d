"""Channel of events: created once under the key of their row, whichever calendar they go to.

Google takes the key as the event's own ID and refuses a second one; Microsoft takes it as
`transactionId` and answers with the first.
"""

from contextlib import suppress
from datetime import timedelta

from ava.http.problems import Problem
from ava.intents.keyed import Receipt
from ava.upstream import ProviderProblem
from integrations.calendar import connections
from integrations.calendar.events.access import ask
from integrations.calendar.events.errors import EventRefused, NoCalendar
from integrations.calendar.events.records import Event, NewEvent, read_when
from integrations.calendar.models import CalendarEvent


class EventChannel:
    # Beyond it a person would not expect the event any more.
    validity = timedelta(hours=23)

    def send(self, row: CalendarEvent) -> Receipt:
        """See `ava.intents.keyed.Channel`."""
        wanted = wanted_of(row)
        event = ask(
            lambda calendar: calendar.create(row.pk, wanted), user=row.owner, provider=row.provider
        )
        return _receipt(event)

    def may_repeat(self, row: CalendarEvent) -> bool:
        """Whether a second request is harmless: in the same calendar always, as the key is the
        event's own; another account's calendar would get a second event."""
        return is_elsewhere(row) is not True

    def proves_absence(self, row: CalendarEvent, problem: Problem) -> bool:
        """Whether nothing was created: the provider refuses it, or answered that it failed and has
        no such event."""
        if isinstance(problem, (EventRefused, NoCalendar)):
            return True
        if not (isinstance(problem, ProviderProblem) and problem.answered):
            return False
        with suppress(Problem):
            return find(row) is None
        return False

    def divert(self, row: CalendarEvent, problem: Problem) -> bool:
        """Never: an event for one calendar does not belong in another."""
        return False


def find(row: CalendarEvent) -> Event | None:
    """The event that was created under the row's key, if it was. Raises: as `ask`."""
    wanted = wanted_of(row)
    return ask(
        lambda calendar: calendar.find(row.pk, wanted), user=row.owner, provider=row.provider
    )


def is_elsewhere(row: CalendarEvent) -> bool | None:
    """Whether another account's calendar is connected now than the row's. None: no calendar is."""
    found = connections.find(user=row.owner, provider=row.provider)
    if found is None:
        return None
    if row.account and found.account:
        return found.account != row.account
    return found.connected_at > row.created_at


def wanted_of(row: CalendarEvent) -> NewEvent:
    return NewEvent(
        title=row.title,
        start=read_when(row.start),
        end=read_when(row.end),
        time_zone=row.time_zone,
        location=row.location,
        attendees=tuple(row.attendees),
        description=row.description,
    )


def _receipt(event: Event) -> Receipt:
    fields = {"reference": event.id, "html_link": event.html_link}
    return Receipt(event.status, fields, "The calendar has it.")


CHANNEL = EventChannel()
