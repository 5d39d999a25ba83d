"""The control plane under `/_sandbox`: order faults, read the log, reset."""

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.ordering import PROVIDERS, OrderError, one_of, parse_fields
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World

BEHAVIOURS = ("answer", "busy", "no-answer", "fail", "hangup-after")

_E164 = re.compile(r"\+[1-9]\d{6,14}")


def control(world: World, request: Request) -> Answer:
    """Answer a request to the control plane; `path` starts after `/_sandbox`."""
    verbs = _ROUTES.get(request.path)
    if verbs is None:
        known = ", ".join(f"/_sandbox{path}" for path in _ROUTES)
        return complaint(404, f"There is no /_sandbox{request.path}; there are {known}.")
    verb = verbs.get(request.method)
    if verb is None:
        allowed = ", ".join(verbs)
        return complaint(405, f"/_sandbox{request.path} takes {allowed}.", {"Allow": allowed})
    try:
        return verb(world, request)
    except OrderError as error:
        return complaint(400, str(error))


def complaint(status: int, sentence: str, headers: dict[str, str] | None = None) -> Answer:
    """An error of the sandbox itself, told in a sentence."""
    return json_answer(status, {"error": sentence}, headers)


def _order_fault(world: World, request: Request) -> Answer:
    order = _body(request)
    if not isinstance(order, dict):
        raise OrderError("The body must be a JSON object.")
    return json_answer(201, dataclasses.asdict(world.faults.order(order)))


def _list_faults(world: World, request: Request) -> Answer:
    return json_answer(200, {"faults": world.faults.pending()})


def _clear_faults(world: World, request: Request) -> Answer:
    world.faults.clear()
    return _list_faults(world, request)


def _list_requests(world: World, request: Request) -> Answer:
    provider, log = _provider(request), world.log
    return json_answer(
        200,
        {
            "requests": [dataclasses.asdict(arrival) for arrival in log.arrivals(provider)],
            "connections": log.connections(provider),
            "served": log.served(provider),
        },
    )


def _clear_requests(world: World, request: Request) -> Answer:
    world.log.clear(_provider(request))
    return _list_requests(world, request)


def _provider(request: Request) -> str | None:
    provider = dict(request.query).get("provider")
    if provider is not None and (wrong := one_of(*PROVIDERS)(provider)):
        raise OrderError(f"provider {wrong}.")
    return provider


def _effects(world: World, request: Request) -> Answer:
    return json_answer(200, world.effects())


def _reset(world: World, request: Request) -> Answer:
    world.reset()
    return json_answer(200, {"status": "reset"})


def _phone(world: World, request: Request) -> Answer:
    phone = parse_fields(_body(request), _PHONE, required=("to", "behaviour"))
    if (phone["behaviour"] == "hangup-after") != ("seconds" in phone):
        raise OrderError("seconds belongs to hangup-after, and hangup-after needs it.")
    world.phones[phone["to"]] = phone
    return json_answer(201, phone)


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise OrderError("The body must be JSON.") from None


def _number(value: Any) -> str | None:
    fits = isinstance(value, str) and _E164.fullmatch(value)
    return None if fits else "must be a phone number such as +15005550006"


def _seconds(value: Any) -> str | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 3600
    return None if fits else "must be a number of seconds above 0, at most 3600"


_PHONE: dict[str, Callable[[Any], str | None]] = {
    "to": _number,
    "behaviour": one_of(*BEHAVIOURS),
    "seconds": _seconds,
}

_ROUTES: dict[str, dict[str, Callable[[World, Request], Answer]]] = {
    "/faults": {"POST": _order_fault, "GET": _list_faults, "DELETE": _clear_faults},
    "/requests": {"GET": _list_requests, "DELETE": _clear_requests},
    "/effects": {"GET": _effects},
    "/reset": {"POST": _reset},
    "/phone": {"POST": _phone},
}
