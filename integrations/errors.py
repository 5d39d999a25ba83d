"""Problems of integrations; those of credentials are in their package."""

from http import HTTPStatus

from ava.http.problems import NotFound, Problem


class StubsDisabled(Problem):
    """Nothing real is configured, and stub mode is off. `remedy` is a sentence."""

    status = HTTPStatus.FORBIDDEN
    code = "stubs_disabled"

    def __init__(self, remedy: str) -> None:
        super().__init__(f"Stub integrations are disabled in production. {remedy}")


class SmtpHostRefused(Problem):
    """The SMTP host leads into AVA's own network (server-side request forgery), or nowhere."""

    status = HTTPStatus.BAD_REQUEST
    code = "smtp_host_refused"
    detail = (
        "AVA cannot connect to this SMTP host and port. Use the public host name of your mail "
        "provider and port 25, 465, 587 or 2525."
    )


class UnknownCalendar(NotFound):
    code = "unknown_calendar"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"There is no calendar provider {provider[:40]!r}. Use google or microsoft."
        )


class UnknownBreaker(NotFound):
    code = "unknown_breaker"

    def __init__(self, provider: str, known: list[str]) -> None:
        super().__init__(
            f"There is no breaker called {provider[:40]!r}. Choose one of {', '.join(known)}."
        )


class ForceEndsInThePast(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "force_ends_in_the_past"
    detail = "The force would have ended already. Give a time that is still to come."
