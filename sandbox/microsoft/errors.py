"""Microsoft Graph's error bodies (https://learn.microsoft.com/en-us/graph/errors)."""

import uuid

from sandbox.clock import utc_now
from sandbox.wire import Answer, json_answer, phrase

_BY_STATUS = {
    400: ("ErrorInvalidRequest", "The request is invalid."),
    401: ("InvalidAuthenticationToken", "Access token validation failure."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    503: ("ErrorServerBusy", "The server is busy."),
    504: ("ErrorTimeoutExpired", "The request timed out."),
}


class RefusedError(Exception):
    """A request that Graph refuses; carries the answer."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(status, code, message)
        self.answer = error(status, code, message)


def error(status: int, code: str = "", message: str = "") -> Answer:
    """The body of an error; without a code the one that Graph uses for the status."""
    if not code:
        default = "generalException" if status >= 500 else "invalidRequest"
        code, message = _BY_STATUS.get(status, (default, phrase(status)))
    request_id = str(uuid.uuid4())
    inner = {
        "date": f"{utc_now():%Y-%m-%dT%H:%M:%S}",
        "request-id": request_id,
        "client-request-id": request_id,
    }
    body = {"error": {"code": code, "message": message, "innererror": inner}}
    headers = {"request-id": request_id, "client-request-id": request_id}
    if status == 401:
        headers["WWW-Authenticate"] = (
            'Bearer realm="", authorization_uri='
            '"https://login.microsoftonline.com/common/oauth2/authorize"'
        )
    return json_answer(status, body, headers)
