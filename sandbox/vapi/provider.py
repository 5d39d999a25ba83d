"""Vapi's REST API: routes, keys, lists."""

import hmac
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from sandbox.clock import Clock
from sandbox.phones import Exchange
from sandbox.twilio import Twilio
from sandbox.vapi import seed
from sandbox.vapi.calls import Calls
from sandbox.vapi.errors import INVALID_KEY, RefusedError, error
from sandbox.vapi.javascript import parse
from sandbox.vapi.listing import listed
from sandbox.vapi.numbers import PhoneNumbers
from sandbox.vapi.proof import Organisation
from sandbox.vapi.schema import check
from sandbox.vapi.store import Store, Thing
from sandbox.wire import Answer, Request, json_answer

API_KEY = "vapi-demo-key"

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE"})

Act = Callable[["Vapi", Request, str], Answer]


class Vapi:
    """Vapi, for one organisation with one key."""

    def __init__(self, clock: Clock, exchange: Callable[[], Exchange], twilio: Twilio) -> None:
        self._assistants = Store(clock, seed.ORG_ID, [seed.ASSISTANT])
        self._phone_numbers = Store(clock, seed.ORG_ID, seed.PHONE_NUMBERS)
        self._numbers = PhoneNumbers(self._phone_numbers, twilio)
        self._exchange = exchange
        self._twilio = twilio
        twilio.sip = lambda leg: self.calls.invited(leg)
        self.reset()

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        route = _route(request)
        if route is None:
            return error(404, f"Cannot {request.method} {request.path}")
        act, thing_id = route
        try:
            if act is not Vapi.KEYLESS:
                _check_key(request)
            return act(self, request, thing_id)
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
        self.calls = Calls(
            self._exchange(),
            self._twilio,
            self._numbers,
            self._assistants,
            lambda: self.organisation,
        )

    def assistants(self) -> list[Thing]:
        """All assistants as stored, the newest first."""
        return self._assistants.all()

    def assistant(self, assistant_id: str) -> Thing:
        """One assistant as stored. Raises: KeyError."""
        found = self._assistants.get(assistant_id)
        if found is None:
            raise KeyError(assistant_id)
        return found

    def add_assistant(self, **fields: Any) -> Thing:
        """Make an assistant as in Vapi's dashboard: nothing is logged, no fault strikes.

        Raises: RefusedError when Vapi would not take it.
        """
        check("CreateAssistantDTO", fields)
        return self._assistants.create(fields)

    def change_assistant(self, assistant_id: str, **fields: Any) -> Thing:
        """Change an assistant as in Vapi's dashboard: nothing is logged, no fault strikes.

        Raises: RefusedError when Vapi would not take it, KeyError when there is no such assistant.
        """
        check("CreateAssistantDTO", fields)
        changed = self._assistants.update(assistant_id, fields)
        if changed is None:
            raise KeyError(assistant_id)
        return changed

    def _list_assistants(self, request: Request, _: str) -> Answer:
        return json_answer(200, listed(self._assistants.all(), request.query))

    def _create_assistant(self, request: Request, _: str) -> Answer:
        return json_answer(201, self._assistants.create(_assistant_fields(request)))

    def _get_assistant(self, request: Request, assistant_id: str) -> Answer:
        return _found("Assistant", assistant_id, self._assistants.get(assistant_id))

    def _update_assistant(self, request: Request, assistant_id: str) -> Answer:
        fields = _assistant_fields(request)
        return _found("Assistant", assistant_id, self._assistants.update(assistant_id, fields))

    def _delete_assistant(self, request: Request, assistant_id: str) -> Answer:
        return _found("Assistant", assistant_id, self._assistants.delete(assistant_id))

    def _list_phone_numbers(self, request: Request, _: str) -> Answer:
        return json_answer(200, listed(self._phone_numbers.all(), request.query))

    def _get_phone_number(self, request: Request, number_id: str) -> Answer:
        return _found("Phone Number", number_id, self._phone_numbers.get(number_id))

    def _create_phone_number(self, request: Request, _: str) -> Answer:
        return json_answer(201, self._numbers.create(_body(request)))

    def _update_phone_number(self, request: Request, number_id: str) -> Answer:
        changed = self._numbers.update(number_id, _body(request))
        return _found("Phone Number", number_id, changed)

    def _delete_phone_number(self, request: Request, number_id: str) -> Answer:
        return _found("Phone Number", number_id, self._phone_numbers.delete(number_id))

    def _list_calls(self, request: Request, _: str) -> Answer:
        found = listed(
            self.calls.store.all(), request.query, ("id", "assistantId", "phoneNumberId")
        )
        return json_answer(200, found)

    def _create_call(self, request: Request, _: str) -> Answer:
        host = request.headers.get("host", "")
        return json_answer(201, self.calls.create(_body(request), host))

    def _get_call(self, request: Request, call_id: str) -> Answer:
        return _found("Call", call_id, self.calls.store.get(call_id))

    def _update_call(self, request: Request, call_id: str) -> Answer:
        return _found("Call", call_id, self.calls.change(call_id, _body(request)))

    def _delete_call(self, request: Request, call_id: str) -> Answer:
        return _found("Call", call_id, self.calls.delete(call_id))

    def _control_call(self, request: Request, call_id: str) -> Answer:
        if not self.calls.control(call_id, _body(request)):
            raise RefusedError(404, "Call Not Found Or Not In Progress.")
        return json_answer(200, {})

    ROUTES: dict[tuple[str, bool], dict[str, Act]] = {
        ("/assistant", False): {"GET": _list_assistants, "POST": _create_assistant},
        ("/assistant", True): {
            "GET": _get_assistant,
            "PATCH": _update_assistant,
            "DELETE": _delete_assistant,
        },
        ("/phone-number", False): {"GET": _list_phone_numbers, "POST": _create_phone_number},
        ("/phone-number", True): {
            "GET": _get_phone_number,
            "PATCH": _update_phone_number,
            "DELETE": _delete_phone_number,
        },
        ("/call", False): {"GET": _list_calls, "POST": _create_call},
        ("/call", True): {"GET": _get_call, "PATCH": _update_call, "DELETE": _delete_call},
        ("/control", True): {"POST": _control_call},
    }
    # Whoever knows the address of a call may steer it; a key is not asked for.
    KEYLESS = _control_call


def _route(request: Request) -> tuple[Act, str] | None:
    head, _, thing_id = request.path.removeprefix("/").rstrip("/").partition("/")
    if "/" in thing_id:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    act = Vapi.ROUTES.get((f"/{head}", bool(thing_id)), {}).get(method)
    return (act, thing_id) if act else None


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        key.strip().encode(), API_KEY.encode()
    ):
        raise RefusedError(401, INVALID_KEY)


def _found(kind: str, thing_id: str, thing: Thing | None) -> Answer:
    if not _UUID.fullmatch(thing_id):
        raise RefusedError(400, ["id must be a UUID"])
    if thing is None:
        raise RefusedError(404, f"Couldn't Get {kind}. {kind} With ID {thing_id} Not Found.")
    return json_answer(200, thing)


def _assistant_fields(request: Request) -> Thing:
    fields: Thing = _body(request)
    check("CreateAssistantDTO", fields)
    return fields


def _body(request: Request) -> Any:
    if request.method in _BODILESS_METHODS or not request.body:
        return {}
    content_type = request.headers.get("content-type", "")
    if "x-www-form-urlencoded" in content_type:
        # What curl sends unless told otherwise; Nest reads it as fields.
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if "json" not in content_type:
        # Express' body parser leaves other types alone, and Nest then sees an empty object.
        return {}
    try:
        return parse(request.body)
    except ValueError as problem:
        raise RefusedError(400, str(problem)) from None
