"""Problems of events and free time, and the table from the providers' words to them.

https://developers.google.com/workspace/calendar/api/guides/errors,
https://learn.microsoft.com/graph/errors
"""

from http import HTTPStatus

from ava.http.problems import Conflict, NotFound, Problem, ValidationFailed
from ava.upstream import ProviderRateLimited, ProviderUnreachable, Service, parse_json


class EventNotFound(NotFound):
    code = "calendar_event_not_found"
    detail = "There is no such event in this calendar."


class EventGone(EventNotFound):
    """An event that was there, and is deleted."""


class EventRefused(Problem):
    """The provider will not take an event as it is; it did nothing."""

    status = HTTPStatus.BAD_REQUEST
    code = "calendar_event_refused"

    def __init__(self, service: Service) -> None:
        super().__init__(
            f"{service.name} did not accept this. Check the times, the time zone and the attendees."
        )


class NoCalendar(Conflict):
    code = "calendar_not_available"

    def __init__(self, service: Service) -> None:
        super().__init__(f"Your {service.name} account has no calendar that AVA can use.")


class CursorEnded(ValidationFailed):
    def __init__(self) -> None:
        sentence = "This page is no longer there. Begin without a cursor, and follow next."
        super().__init__(errors={"cursor": [sentence]})


class SlotTaken(Conflict):
    code = "calendar_slot_taken"
    detail = "This time is no longer free. Choose another one."


class EventUnsettled(Conflict):
    code = "calendar_event_unsettled"
    detail = "AVA is still finding out whether this event was created. Try again in a moment."


class FeedNotFound(NotFound):
    code = "calendar_feed_not_found"
    detail = "There is no such calendar feed. Make a new address in Settings."


class AlreadyCreated(Exception):
    """An event was created under this key before."""


# Google gives these with 403, too.
_TOO_MANY = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "calendarUsageLimits"}
)
_NO_CALENDAR = frozenset(
    {"notACalendarUser", "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"}
)
_KEY_USED = frozenset({"duplicate", "ErrorDuplicateTransactionId"})


def reason_of(body: bytes) -> str | None:
    """The provider's word for an error; None when the body is no provider's."""
    try:
        error = parse_json(body)["error"]
        listed = error.get("errors")
        found = listed[0]["reason"] if listed else error["code"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
    return str(found)


def problem_for(service: Service, status: int, body: bytes) -> Exception | None:
    """Problem of an answer that is no success; None: the one that the door makes of 401 and 403."""
    reason = reason_of(body)
    if reason in _TOO_MANY:
        return ProviderRateLimited(service)
    if reason in _NO_CALENDAR:
        return NoCalendar(service)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return None
    if reason in _KEY_USED:
        return AlreadyCreated()
    if reason is not None and status == HTTPStatus.NOT_FOUND:
        return EventNotFound()
    if reason is not None and status == HTTPStatus.GONE:
        return EventGone()
    if reason is not None and status == HTTPStatus.BAD_REQUEST:
        return EventRefused(service)
    # Something in front of the provider answers, which leaves open what the provider did.
    return ProviderUnreachable(service)
