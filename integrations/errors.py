"""What the rooms of this app have in common when they refuse."""

from http import HTTPStatus

from ava.http.problems import Problem


class StubsDisabled(Problem):
    """Nothing real is configured, and pretending is switched off.

    Args:
        mend: the sentence that says what to do instead.
    """

    status = HTTPStatus.FORBIDDEN
    code = "stubs_disabled"

    def __init__(self, mend: str) -> None:
        super().__init__(f"Stub integrations are disabled in production. {mend}")
