"""Vapi's REST API: routes, keys, lists."""

import hmac
import re
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import parse_qsl

from sandbox.clock import CountingClock
from sandbox.phones import PhoneNetwork
from sandbox.twilio import Twilio
from sandbox.vapi import seed
from sandbox.vapi.assistants import Assistants
from sandbox.vapi.calls import Calls
from sandbox.vapi.errors import INVALID_KEY, RefusedError, error
from sandbox.vapi.javascript import parse
from sandbox.vapi.listing import filtered
from sandbox.vapi.numbers import PhoneNumbers
from sandbox.vapi.organisation import Organisation
from sandbox.vapi.store import Resource, Store
from sandbox.wire import Answer, Request, json_answer

API_KEY = "vapi-demo-key"

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE"})
_CONTROL = "control"


class Collection(Protocol):
    """Objects of one kind. Bodies that Vapi does not take raise RefusedError."""

    kind: str
    filters: tuple[str, ...]
    store: Store

    def create(self, fields: Resource, host: str) -> Resource: ...
    def update(self, resource_id: str, fields: Resource) -> Resource | None: ...
    def delete(self, resource_id: str) -> Resource | None: ...


class Vapi:
    """Vapi, for one organisation with one key."""

    def __init__(
        self, clock: CountingClock, network: Callable[[], PhoneNetwork], twilio: Twilio
    ) -> None:
        self._assistants = Store(clock, seed.ORG_ID, [seed.ASSISTANT])
        self._phone_numbers = Store(clock, seed.ORG_ID, seed.PHONE_NUMBERS)
        self._network = network
        self._twilio = twilio
        twilio.on_sip = lambda leg: self.calls.accept_sip_call(leg)
        self.reset()

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        name, _, resource_id = request.path.removeprefix("/").rstrip("/").partition("/")
        method = "GET" if request.method == "HEAD" else request.method
        if "/" in resource_id or method not in self._methods(name, bool(resource_id)):
            return error(404, f"Cannot {request.method} {request.path}")
        try:
            if name == _CONTROL:
                # The address of a call is the key to it; no other is asked for.
                return self._control(request, resource_id)
            _check_key(request)
            return self._act(self._collections[name], method, resource_id, request)
        except RefusedError as refusal:
            return error(refusal.status, refusal.message)

    def failure(self, status: int) -> Answer:
        """Vapi's error body for a status."""
        return error(status)

    def reset(self) -> None:
        """Back to the seed data."""
        self._assistants.reset()
        self._phone_numbers.reset()
        self.organisation = Organisation()
        numbers = PhoneNumbers(self._phone_numbers, self._twilio)
        self.calls = Calls(
            self._network(), self._twilio, numbers, self._assistants, lambda: self.organisation
        )
        self._collections: dict[str, Collection] = {
            "assistant": Assistants(self._assistants),
            "phone-number": numbers,
            "call": self.calls,
        }

    def assistants(self) -> list[Resource]:
        """All assistants as stored, the newest first."""
        return self._assistants.all()

    def assistant(self, assistant_id: str) -> Resource:
        """One assistant as stored. Raises: KeyError."""
        return _known(assistant_id, self._assistants.get(assistant_id))

    def add_assistant(self, **fields: Any) -> Resource:
        """Make an assistant as in Vapi's dashboard: no log, no faults.

        Raises: RefusedError when Vapi would not take it.
        """
        return self._collections["assistant"].create(fields, "")

    def change_assistant(self, assistant_id: str, **fields: Any) -> Resource:
        """Change an assistant as in Vapi's dashboard: no log, no faults.

        Raises: RefusedError when Vapi would not take it, KeyError when there is no such assistant.
        """
        changed = self._collections["assistant"].update(assistant_id, fields)
        return _known(assistant_id, changed)

    def _methods(self, name: str, one: bool) -> tuple[str, ...]:
        if name in self._collections:
            return ("GET", "PATCH", "DELETE") if one else ("GET", "POST")
        return ("POST",) if name == _CONTROL and one else ()

    def _act(
        self, resources: Collection, method: str, resource_id: str, request: Request
    ) -> Answer:
        match method:
            case "POST":
                host = request.headers.get("host", "")
                return json_answer(201, resources.create(_body(request), host))
            case "PATCH":
                found = resources.update(resource_id, _body(request))
            case "DELETE":
                found = resources.delete(resource_id)
            case _ if resource_id:
                found = resources.store.get(resource_id)
            case _:
                return json_answer(
                    200, filtered(resources.store.all(), request.query, resources.filters)
                )
        if not _UUID.fullmatch(resource_id):
            raise RefusedError(400, ["id must be a UUID"])
        if found is None:
            message = (
                f"Couldn't Get {resources.kind}. {resources.kind} With ID {resource_id} Not Found."
            )
            raise RefusedError(404, message)
        return json_answer(200, found)

    def _control(self, request: Request, call_id: str) -> Answer:
        if not self.calls.control(call_id, _body(request)):
            raise RefusedError(404, "Call Not Found Or Not In Progress.")
        return json_answer(200, {})


def _known(resource_id: str, resource: Resource | None) -> Resource:
    if resource is None:
        raise KeyError(resource_id)
    return resource


def _check_key(request: Request) -> None:
    if not hmac.compare_digest(request.credentials("bearer").encode(), API_KEY.encode()):
        raise RefusedError(401, INVALID_KEY)


def _body(request: Request) -> Any:
    if request.method in _BODILESS_METHODS or not request.body:
        return {}
    content_type = request.headers.get("content-type", "")
    if "x-www-form-urlencoded" in content_type:
        # curl's default type; Nest reads it as fields.
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if "json" not in content_type:
        # Express' body parser leaves other types alone, and Nest then sees an empty object.
        return {}
    try:
        return parse(request.body)
    except ValueError as problem:
        raise RefusedError(400, str(problem)) from None
