"""The control plane under `/_sandbox`: order faults, read the log, reset."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from sandbox.masking import masked_json
from sandbox.ordering import PROVIDERS, OrderError, one_of
from sandbox.phones.mischief import Mischief
from sandbox.phones.phone import Phone
from sandbox.twilio.incoming import Incoming
from sandbox.vapi.proof import Organisation
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World


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


def _webhooks(world: World, request: Request) -> Answer:
    return json_answer(200, {"webhooks": world.exchange.webhooks()})


def _reset(world: World, request: Request) -> Answer:
    world.reset()
    return json_answer(200, {"status": "reset"})


def _phone(world: World, request: Request) -> Answer:
    body = _body(request)
    to, phone = Phone.ordered(body)
    world.exchange.phones[to] = phone
    return json_answer(201, body)


def _pace(world: World, request: Request) -> Answer:
    if request.method == "POST":
        world.exchange.pace = world.exchange.pace.changed(_body(request))
    return json_answer(200, dataclasses.asdict(world.exchange.pace))


def _callbacks(world: World, request: Request) -> Answer:
    if request.method == "POST":
        world.exchange.mail.mischief = Mischief.ordered(_body(request))
    return json_answer(200, dataclasses.asdict(world.exchange.mail.mischief))


def _incoming(world: World, request: Request) -> Answer:
    what = Incoming.ordered(_body(request))
    if what.provider == "vapi":
        host = request.headers.get("host", "")
        return json_answer(201, world.vapi.calls.incoming(what.from_, what.to, host))
    return json_answer(201, world.twilio.incoming(what))


def _vapi(world: World, request: Request) -> Answer:
    world.vapi.organisation = Organisation.ordered(_body(request))
    return json_answer(201, masked_json(dataclasses.asdict(world.vapi.organisation)))


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise OrderError("The body must be JSON.") from None


_ROUTES: dict[str, dict[str, Callable[[World, Request], Answer]]] = {
    "/faults": {"POST": _order_fault, "GET": _list_faults, "DELETE": _clear_faults},
    "/requests": {"GET": _list_requests, "DELETE": _clear_requests},
    "/effects": {"GET": _effects},
    "/webhooks": {"GET": _webhooks},
    "/reset": {"POST": _reset},
    "/phone": {"POST": _phone},
    "/pace": {"GET": _pace, "POST": _pace},
    "/callbacks": {"GET": _callbacks, "POST": _callbacks},
    "/incoming": {"POST": _incoming},
    "/vapi": {"POST": _vapi},
}
