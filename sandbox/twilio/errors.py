"""Twilio's error bodies (https://www.twilio.com/docs/api/errors)."""

import uuid
from typing import Any

from sandbox.wire import Answer, json_answer, phrase

AUTHENTICATE = (20003, "Authenticate")
NOT_FOUND = (20404, "The requested resource {path} was not found")
TOO_MANY = (20429, "Too Many Requests")
SERVER = (20500, "Internal Server Error")

_BY_STATUS = {
    401: AUTHENTICATE,
    404: (20404, "The requested resource was not found"),
    429: TOO_MANY,
}


class RefusedError(Exception):
    """A request that Twilio refuses; carries status, code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message


def error(status: int, code: int | None = None, message: str | None = None) -> Answer:
    """The body of an error; without a code the one that Twilio uses for the status."""
    if code is None:
        code, message = _BY_STATUS.get(status, SERVER if status >= 500 else (20001, phrase(status)))
    body: dict[str, Any] = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    extra = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if status == 401 else {}
    return json_answer(status, body, {**stamped(), **extra})


def stamped() -> dict[str, str]:
    """Headers of every answer (https://www.twilio.com/docs/api/errors/20429)."""
    return {"Twilio-Concurrent-Requests": "1", "Twilio-Request-Id": f"RQ{uuid.uuid4().hex}"}
