"""Control plane under `/_sandbox`: set faults, read the log, reset."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from sandbox import smtp
from sandbox.control_input import PROVIDERS, InvalidInputError, one_of
from sandbox.masking import masked_json
from sandbox.oauth.control import apply_order
from sandbox.phones.callback_faults import CallbackFaults
from sandbox.phones.phone import Phone
from sandbox.resend.orders import EventOrder, replay_id
from sandbox.smtp.certificate import CERTIFICATE
from sandbox.state import SandboxState
from sandbox.twilio.incoming import Incoming
from sandbox.vapi.organisation import Organisation
from sandbox.wire import Answer, Request, json_answer


def control(state: SandboxState, request: Request) -> Answer:
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
        return verb(state, request)
    except InvalidInputError as error:
        return complaint(400, str(error))


def complaint(status: int, sentence: str, headers: dict[str, str] | None = None) -> Answer:
    """An error of the sandbox itself, as a sentence."""
    return json_answer(status, {"error": sentence}, headers)


def _add_fault(state: SandboxState, request: Request) -> Answer:
    return json_answer(201, dataclasses.asdict(state.faults.add_from_json(_body(request))))


def _list_faults(state: SandboxState, request: Request) -> Answer:
    return json_answer(200, {"faults": state.faults.pending()})


def _clear_faults(state: SandboxState, request: Request) -> Answer:
    state.faults.clear()
    return _list_faults(state, request)


def _list_requests(state: SandboxState, request: Request) -> Answer:
    provider, log = _provider(request), state.log
    return json_answer(
        200,
        {
            "requests": [dataclasses.asdict(one) for one in log.requests(provider)],
            "connections": log.connections(provider),
            "served": log.served(provider),
        },
    )


def _clear_requests(state: SandboxState, request: Request) -> Answer:
    state.log.clear(_provider(request))
    return _list_requests(state, request)


def _provider(request: Request) -> str | None:
    provider = dict(request.query).get("provider")
    if provider is not None and (wrong := one_of(*PROVIDERS)(provider)):
        raise InvalidInputError(f"provider {wrong}.")
    return provider


def _effects(state: SandboxState, request: Request) -> Answer:
    return json_answer(200, state.effects())


def _mailbox(state: SandboxState, request: Request) -> Answer:
    to = dict(request.query).get("to")
    return json_answer(200, {"mails": [mail.resource() for mail in state.mailbox.mails(to)]})


def _mail(state: SandboxState, request: Request) -> Answer:
    events = state.resend.lifecycle.order(EventOrder.from_json(_body(request)))
    return json_answer(201, {"events": events})


def _replay(state: SandboxState, request: Request) -> Answer:
    events = state.resend.delivery.replay(replay_id(_body(request)))
    return json_answer(201, {"events": events})


def _smtp(state: SandboxState, request: Request) -> Answer:
    settings = {
        "port": state.smtp_port,
        "security": "starttls",
        "username": smtp.USER,
        "password": smtp.PASSWORD,
        "certificate": CERTIFICATE.read_text("ascii"),
    }
    return json_answer(200, settings)


def _webhooks(state: SandboxState, request: Request) -> Answer:
    return json_answer(200, {"webhooks": state.network.webhooks()})


def _reset(state: SandboxState, request: Request) -> Answer:
    state.reset()
    return json_answer(200, {"status": "reset"})


def _phone(state: SandboxState, request: Request) -> Answer:
    body = _body(request)
    to, phone = Phone.from_json(body)
    state.network.phones[to] = phone
    return json_answer(201, body)


def _pace(state: SandboxState, request: Request) -> Answer:
    if request.method == "POST":
        state.network.pace = state.network.pace.changed(_body(request))
    return json_answer(200, dataclasses.asdict(state.network.pace))


def _callbacks(state: SandboxState, request: Request) -> Answer:
    if request.method == "POST":
        state.network.callbacks.set_faults(CallbackFaults.from_json(_body(request)))
    return json_answer(200, dataclasses.asdict(state.network.callbacks.faults))


def _incoming(state: SandboxState, request: Request) -> Answer:
    what = Incoming.from_json(_body(request))
    if what.provider == "vapi":
        host = request.headers.get("host", "")
        return json_answer(201, state.vapi.calls.incoming(what.from_, what.to, host))
    return json_answer(201, state.twilio.incoming(what))


def _vapi(state: SandboxState, request: Request) -> Answer:
    state.vapi.organisation = Organisation.from_json(_body(request))
    return json_answer(201, masked_json(dataclasses.asdict(state.vapi.organisation)))


def _oauth(state: SandboxState, request: Request) -> Answer:
    servers = {"google": state.google.oauth, "microsoft": state.microsoft.oauth}
    return json_answer(200, apply_order(servers, _body(request)))


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidInputError("The body must be JSON.") from None


_ROUTES: dict[str, dict[str, Callable[[SandboxState, Request], Answer]]] = {
    "/faults": {"POST": _add_fault, "GET": _list_faults, "DELETE": _clear_faults},
    "/requests": {"GET": _list_requests, "DELETE": _clear_requests},
    "/effects": {"GET": _effects},
    "/mailbox": {"GET": _mailbox},
    "/mail": {"POST": _mail},
    "/replay": {"POST": _replay},
    "/smtp": {"GET": _smtp},
    "/webhooks": {"GET": _webhooks},
    "/reset": {"POST": _reset},
    "/phone": {"POST": _phone},
    "/pace": {"GET": _pace, "POST": _pace},
    "/callbacks": {"GET": _callbacks, "POST": _callbacks},
    "/incoming": {"POST": _incoming},
    "/vapi": {"POST": _vapi},
    "/oauth": {"POST": _oauth},
}
