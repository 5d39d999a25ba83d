"""Problems that several packages of this app share."""

from http import HTTPStatus

from ava.http.problems import Problem


class StubsDisabled(Problem):
    """Nothing real is configured, and stub mode is off. `remedy` is a sentence."""

    status = HTTPStatus.FORBIDDEN
    code = "stubs_disabled"

    def __init__(self, remedy: str) -> None:
        super().__init__(f"Stub integrations are disabled in production. {remedy}")
