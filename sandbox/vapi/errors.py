"""Vapi's error bodies: those of NestJS, with a message or a list of them."""

from collections.abc import Sequence
from typing import Any

from sandbox.wire import Answer, json_answer, phrase

INVALID_KEY = (
    "Invalid Key. Hot tip, you may be using the private key instead of the public key, "
    "or vice versa."
)


class RefusedError(Exception):
    """A request that Vapi refuses; carries status and message."""

    def __init__(self, status: int, message: str | Sequence[str]) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


def error(status: int, message: str | Sequence[str] | None = None) -> Answer:
    """The body of an error; without a message that of the bare exception."""
    title = phrase(status)
    body: dict[str, Any] = {"message": message or title, "error": title, "statusCode": status}
    if status == 500 and message is None:
        # Nest's filter for uncaught exceptions names no error.
        body = {"statusCode": 500, "message": "Internal server error"}
    return json_answer(status, body)
