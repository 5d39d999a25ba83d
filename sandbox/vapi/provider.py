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
from sandbox.vapi.listing import listed
from sandbox.vapi.numbers import PhoneNumbers
from sandbox.vapi.proof import Organisation
from sandbox.vapi.store import Store, Thing
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

    def create(self, fields: Thing, host: str) -> Thing: ...
    def update(self, thing_id: str, fields: Thing) -> Thing | None: ...
    def delete(self, thing_id: str) -> Thing | None: ...


class Vapi:
    """Vapi, for one organisation with one key."""

    def __init__(
        self, clock: CountingClock, network: Callable[[], PhoneNetwork], twilio: Twilio
    ) -> None:
        self._assistants = Store(clock, seed.ORG_ID, [seed.ASSISTANT])
        self._phone_numbers = Store(clock, seed.ORG_ID, seed.PHONE_NUMBERS)
        self._network = network
        self._twilio = twilio
        twilio.sip = lambda leg: self.calls.invited(leg)
        self.reset()

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        name, _, thing_id = request.path.removeprefix("/").rstrip("/").partition("/")
        method = "GET" if request.method == "HEAD" else request.method
        if "/" in thing_id or method not in self._methods(name, bool(thing_id)):
            return error(404, f"Cannot {request.method} {request.path}")
        try:
            if name == _CONTROL:
                # The address of a call is the key to it; no other is asked for.
                return self._control(request, thing_id)
            _check_key(request)
            return self._act(self._collections[name], method, thing_id, request)
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

    def assistants(self) -> list[Thing]:
        """All assistants as stored, the newest first."""
        return self._assistants.all()

    def assistant(self, assistant_id: str) -> Thing:
        """One assistant as stored. Raises: KeyError."""
        return _known(assistant_id, self._assistants.get(assistant_id))

    def add_assistant(self, **fields: Any) -> Thing:
        """Make an assistant as in Vapi's dashboard: no log, no faults.

        Raises: RefusedError when Vapi would not take it.
        """
        return self._collections["assistant"].create(fields, "")

    def change_assistant(self, assistant_id: str, **fields: Any) -> Thing:
        """Change an assistant as in Vapi's dashboard: no log, no faults.

        Raises: RefusedError when Vapi would not take it, KeyError when there is no such assistant.
        """
        changed = self._collections["assistant"].update(assistant_id, fields)
        return _known(assistant_id, changed)

    def _methods(self, name: str, one: bool) -> tuple[str, ...]:
        if name in self._collections:
            return ("GET", "PATCH", "DELETE") if one else ("GET", "POST")
        return ("POST",) if name == _CONTROL and one else ()

    def _act(self, things: Collection, method: str, thing_id: str, request: Request) -> Answer:
        match method:
            case "POST":
                host = request.headers.get("host", "")
                return json_answer(201, things.create(_body(request), host))
            case "PATCH":
                found = things.update(thing_id, _body(request))
            case "DELETE":
                found = things.delete(thing_id)
            case _ if thing_id:
                found = things.store.get(thing_id)
            case _:
                return json_answer(200, listed(things.store.all(), request.query, things.filters))
        if not _UUID.fullmatch(thing_id):
            raise RefusedError(400, ["id must be a UUID"])
        if found is None:
            message = f"Couldn't Get {things.kind}. {things.kind} With ID {thing_id} Not Found."
            raise RefusedError(404, message)
        return json_answer(200, found)

    def _control(self, request: Request, call_id: str) -> Answer:
        if not self.calls.control(call_id, _body(request)):
            raise RefusedError(404, "Call Not Found Or Not In Progress.")
        return json_answer(200, {})


def _known(thing_id: str, thing: Thing | None) -> Thing:
    if thing is None:
        raise KeyError(thing_id)
    return thing


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        key.strip().encode(), API_KEY.encode()
    ):
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
