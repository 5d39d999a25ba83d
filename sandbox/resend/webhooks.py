"""`/webhooks` of Resend: endpoints and their signing secrets."""

import base64
import json
import secrets
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.clock import iso_time, utc_now
from sandbox.phones.http_client import is_url
from sandbox.resend.errors import NO_METHOD, RefusedError
from sandbox.resend.events import TYPES
from sandbox.resend.listing import Resource, page, timestamp
from sandbox.wire import Request

STATUSES = ("enabled", "disabled")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


@dataclass(frozen=True)
class Endpoint:
    """An app's address for events, with the secret that signs them."""

    endpoint: str
    events: list[str]
    status: str = "enabled"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=_new_secret)
    at: str = field(default_factory=lambda: iso_time(utc_now()))

    def resource(self) -> Resource:
        """As a list shows it: without its secret."""
        return {
            "id": self.id,
            "created_at": timestamp(self.at),
            "status": self.status,
            "endpoint": self.endpoint,
            "events": self.events,
        }


class Webhooks:
    """The account's endpoints, until the next reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}

    def listening(self, event_type: str) -> list[Endpoint]:
        """Enabled endpoints for a type of event."""
        with self._lock:
            endpoints = list(self._endpoints.values())
        return [one for one in endpoints if one.status == "enabled" and event_type in one.events]

    def get(self, webhook_id: str) -> Endpoint:
        """One endpoint. Raises: RefusedError."""
        if webhook_id not in self._endpoints:
            raise RefusedError(404, "not_found", "Webhook not found")
        return self._endpoints[webhook_id]

    def answer(self, request: Request, method: str, webhook_id: str) -> tuple[int, Resource]:
        """Do what a request asks; `webhook_id` is empty for all. Raises: RefusedError."""
        if not webhook_id:
            match method:
                case "POST":
                    made = Endpoint(**_fields(request, required=("endpoint", "events")))
                    self._put(made)
                    shown = {"object": "webhook", "id": made.id, "signing_secret": made.secret}
                    return 201, shown
                case "GET":
                    newest = reversed(self._endpoints.values())
                    return 200, page([one.resource() for one in newest], request.query)
            raise RefusedError(*NO_METHOD)
        found = self.get(webhook_id)
        name = {"object": "webhook", "id": found.id}
        match method:
            case "GET":
                return 200, name | found.resource() | {"signing_secret": found.secret}
            case "PATCH":
                self._put(replace(found, **_fields(request)))
                return 200, name
            case "DELETE":
                with self._lock:
                    self._endpoints.pop(found.id, None)
                return 200, name | {"deleted": True}
        raise RefusedError(*NO_METHOD)

    def _put(self, endpoint: Endpoint) -> None:
        with self._lock:
            self._endpoints[endpoint.id] = endpoint


def _fields(request: Request, required: tuple[str, ...] = ()) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _invalid("The request body must be a JSON object.")
    for name in required:
        if not body.get(name):
            raise RefusedError(422, "missing_required_field", f"Missing `{name}` field.")
    given = {name: body[name] for name in ("endpoint", "events", "status") if name in body}
    if "endpoint" in given and not (
        isinstance(given["endpoint"], str) and is_url(body["endpoint"])
    ):
        raise _invalid("The `endpoint` field must be a URL.")
    events = given.get("events", ["email.sent"])
    if not (isinstance(events, list) and events and all(event in TYPES for event in events)):
        raise _invalid("The `events` field must be an array of event types.")
    if given.get("status", "enabled") not in STATUSES:
        raise _invalid("The `status` field must be `enabled` or `disabled`.")
    return given


def _invalid(message: str) -> RefusedError:
    return RefusedError(422, "validation_error", message)
