"""Providers that are not played yet: they answer 404, each in its own error shape."""

from collections.abc import Callable
from typing import Any

from sandbox.wire import Answer, Request, json_answer, phrase


def google_error(status: int, message: str) -> dict[str, Any]:
    """Google's error body (https://cloud.google.com/apis/design/errors)."""
    names = {
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
    }
    name = names.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")
    return {"error": {"code": status, "message": message, "status": name}}


def microsoft_error(status: int, message: str) -> dict[str, Any]:
    """Microsoft Graph's error body (https://learn.microsoft.com/en-us/graph/errors)."""
    names = {401: "InvalidAuthenticationToken", 404: "itemNotFound", 429: "tooManyRequests"}
    name = names.get(status, "invalidRequest" if status < 500 else "generalException")
    return {"error": {"code": name, "message": message}}


class UnsupportedProvider:
    """A provider of which only the error shape is known."""

    def __init__(self, error: Callable[[int, str], dict[str, Any]]) -> None:
        self._error = error

    def answer(self, request: Request) -> Answer:
        """404 to everything."""
        return self.failure(404)

    def failure(self, status: int) -> Answer:
        """The provider's own error body."""
        return json_answer(status, self._error(status, phrase(status)))
