"""Resend's routes and keys (https://resend.com/docs/api-reference)."""

import hmac
from collections.abc import Callable
from typing import Any

from sandbox.mail.mailbox import Mailbox
from sandbox.phones import PhoneNetwork
from sandbox.resend.delivery import Delivery
from sandbox.resend.emails import Emails
from sandbox.resend.errors import (
    INVALID_KEY,
    MISSING_KEY,
    NO_ENDPOINT,
    NO_METHOD,
    RefusedError,
    error,
)
from sandbox.resend.lifecycle import Lifecycle
from sandbox.resend.listing import Resource, page
from sandbox.resend.webhooks import Webhooks
from sandbox.wire import Answer, Request, json_answer

__all__ = ["API_KEY", "Resend", "error"]

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


class Resend:
    """Resend, for one account with one domain."""

    def __init__(self, mailbox: Mailbox, network: Callable[[], PhoneNetwork]) -> None:
        self._mailbox = mailbox
        self._network = network
        self.reset()

    def reset(self) -> None:
        """No mails, no webhooks."""
        network = self._network()
        self.webhooks = Webhooks()
        self.delivery = Delivery(network, self.webhooks)
        self.lifecycle = Lifecycle(network, self.delivery)
        self.emails = Emails(self._mailbox, self.lifecycle)

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        try:
            _check_key(request)
            method = "GET" if request.method == "HEAD" else request.method
            name, _, resource_id = request.path.removeprefix("/").partition("/")
            status, resource = self._act(request, method, name, resource_id)
        except RefusedError as refused:
            return error(refused.status, refused.name, refused.message)
        return json_answer(status, resource)

    def failure(self, status: int, name: str = "") -> Answer:
        """Resend's error body for a status, or for the name of an error."""
        return error(status, name)

    def _act(
        self, request: Request, method: str, name: str, resource_id: str
    ) -> tuple[int, Resource]:
        match name, bool(resource_id), method:
            case "domains", False, "GET":
                return 200, page(DOMAINS, request.query)
            case "emails", False, "POST":
                return 200, self.emails.send(request)
            case "emails", False, "GET":
                return 200, self.emails.list(request.query)
            case "emails", True, "GET" if "/" not in resource_id:
                return 200, self.emails.show(resource_id)
            case "webhooks", _, _ if "/" not in resource_id:
                return self.webhooks.answer(request, method, resource_id)
            case (("domains" | "emails"), False, _):
                raise RefusedError(*NO_METHOD)
        raise RefusedError(*NO_ENDPOINT)


def _check_key(request: Request) -> None:
    key = request.credentials("bearer")
    if not key:
        raise RefusedError(*MISSING_KEY)
    if not hmac.compare_digest(key.encode(), API_KEY.encode()):
        raise RefusedError(*INVALID_KEY)
