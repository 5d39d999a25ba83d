from http import HTTPStatus

from ava.http.problems import NotFound, Problem


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
