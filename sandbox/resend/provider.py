"""Resend's routes, keys and errors (https://resend.com/docs/api-reference/errors)."""

import hmac
from typing import Any

from sandbox.wire import Answer, Request, json_answer, phrase

API_KEY = "re_demo"

DOMAINS: list[dict[str, Any]] = [
    {
        "id": "d91cd9bd-1176-453e-8fc1-35364d380206",
        "name": "example.com",
        "status": "verified",
        "created_at": "2026-01-05 08:00:00.000000+00",
        "region": "us-east-1",
        "open_tracking": False,
        "click_tracking": False,
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
    }
]

_NAMES = {
    401: "validation_error",
    404: "not_found",
    405: "method_not_allowed",
    429: "rate_limit_exceeded",
}


class Resend:
    """Resend, for one account with one domain."""

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        key = request.credentials("bearer")
        if not key:
            return error(401, "missing_api_key", "Missing API Key")
        if not hmac.compare_digest(key.encode(), API_KEY.encode()):
            return error(401, "validation_error", "API key is invalid")
        if request.path == "/domains" and request.method in ("GET", "HEAD"):
            return json_answer(200, {"object": "list", "has_more": False, "data": DOMAINS})
        return error(404, "not_found", "The requested endpoint does not exist.")

    def failure(self, status: int) -> Answer:
        """Resend's error body for a status."""
        name = _NAMES.get(status, "internal_server_error" if status >= 500 else "validation_error")
        return error(status, name, phrase(status))


def error(status: int, name: str, message: str) -> Answer:
    """The body of an error."""
    return json_answer(status, {"statusCode": status, "message": message, "name": name})
