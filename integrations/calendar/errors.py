"""What can be wrong with a calendar request."""

from http import HTTPStatus

from ava.problems import NotFound, Problem


class StubsDisabled(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "stubs_disabled"
    detail = (
        "Stub integrations are disabled in production. "
        "Please complete OAuth setup for calendar access."
    )


class UnknownCalendar(NotFound):
    code = "unknown_calendar"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"There is no calendar provider {provider[:40]!r}. Use google or microsoft."
        )
