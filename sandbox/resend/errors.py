"""Resend's error bodies (https://resend.com/docs/api-reference/errors)."""

from sandbox.wire import Answer, json_answer, phrase

MISSING_KEY = (401, "missing_api_key", "Missing API Key")
INVALID_KEY = (401, "validation_error", "API key is invalid")
NO_ENDPOINT = (404, "not_found", "The requested endpoint does not exist.")
NO_METHOD = (405, "method_not_allowed", "Method is not allowed for the requested path.")

_NAMES = {
    401: "validation_error",
    404: "not_found",
    405: "method_not_allowed",
    409: "concurrent_idempotent_requests",
    429: "rate_limit_exceeded",
}
_MESSAGES = {
    "concurrent_idempotent_requests": (
        "There is another request in progress with the same idempotency key."
    ),
    "daily_quota_exceeded": "You have reached your daily email sending quota.",
    "monthly_quota_exceeded": "You have reached your monthly email sending quota.",
    "rate_limit_exceeded": (
        "Too many requests. Please limit the number of requests per second. "
        "Or contact support to increase rate limit."
    ),
    "restricted_api_key": "This API key is restricted to only send emails",
}


class RefusedError(Exception):
    """A request that Resend refuses; carries status, name and message."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(status, name, message)
        self.status = status
        self.name = name
        self.message = message


def error(status: int, name: str = "", message: str = "") -> Answer:
    """The body of an error; without a name the one that Resend uses for the status."""
    if not name:
        common = "internal_server_error" if status >= 500 else "validation_error"
        name = _NAMES.get(status, common)
    message = message or _MESSAGES.get(name) or phrase(status)
    return json_answer(status, {"statusCode": status, "message": message, "name": name})
