"""Google's error bodies (https://developers.google.com/workspace/calendar/api/guides/errors)."""

from typing import Any

from sandbox.wire import Answer, json_answer, phrase

# Reason and message by status, where a fault asks for no more than that.
_BY_STATUS = {
    401: ("authError", "Invalid Credentials"),
    403: ("forbidden", "Forbidden"),
    404: ("notFound", "Not Found"),
    409: ("duplicate", "The requested identifier already exists."),
    410: ("deleted", "Resource has been deleted"),
    429: ("rateLimitExceeded", "Rate Limit Exceeded"),
    500: ("backendError", "Backend Error"),
    503: ("backendError", "Backend Error"),
}


class RefusedError(Exception):
    """A request that Google refuses; carries the answer."""

    def __init__(
        self, status: int, reason: str, message: str, *, location: tuple[str, str] | None = None
    ) -> None:
        super().__init__(status, reason, message)
        self.answer = error(status, reason, message, location=location)


def error(
    status: int,
    reason: str = "",
    message: str = "",
    *,
    location: tuple[str, str] | None = None,
) -> Answer:
    """The body of an error; without a reason the one that Google uses for the status.

    Args:
        location: kind and name of what is wrong, such as `("parameter", "timeMax")`.
    """
    if not reason:
        default = "backendError" if status >= 500 else "invalid"
        reason, message = _BY_STATUS.get(status, (default, phrase(status)))
    limits = ("rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded")
    detail: dict[str, Any] = {
        "domain": "usageLimits" if reason in limits else "global",
        "reason": reason,
        "message": message,
    }
    if location:
        detail |= {"locationType": location[0], "location": location[1]}
    body = {"error": {"errors": [detail], "code": status, "message": message}}
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'}
    return json_answer(status, body, headers if status == 401 else None)
