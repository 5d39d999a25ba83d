"""Twilio's routes and keys."""

import base64
import hmac
import re
from collections.abc import Callable

from sandbox.control_input import InvalidInputError
from sandbox.phones import PhoneNetwork
from sandbox.twilio.calls import Calls, SipHandler
from sandbox.twilio.errors import AUTHENTICATE, NOT_FOUND, RefusedError, error, stamped
from sandbox.twilio.forms import Form
from sandbox.twilio.incoming import Incoming
from sandbox.twilio.listing import Resource, page
from sandbox.twilio.messages import Messages
from sandbox.twilio.numbers import Numbers
from sandbox.twilio.seed import ACCOUNT, ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN, BASE
from sandbox.twilio.senders import SERVICES, services, short_codes
from sandbox.wire import Answer, Request, json_answer

_KEYS = {ACCOUNT_SID: AUTH_TOKEN, API_KEY_SID: API_KEY_SECRET}
_ROUTE = re.compile(re.escape(BASE) + r"(?:/(?P<kind>\w+)(?:/(?P<sid>\w+))?)?\.json")


class Twilio:
    """Twilio, for one account."""

    def __init__(self, network: Callable[[], PhoneNetwork]) -> None:
        self._network = network
        self.on_sip: SipHandler = lambda leg: False
        self.reset()

    def reset(self) -> None:
        """No calls, no messages, the seeded numbers."""
        network = self._network()
        self.numbers = Numbers()
        self.calls = Calls(network, self.numbers, lambda leg: self.on_sip(leg))
        self.messages = Messages(network, self.numbers)

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        if not _authentic(request):
            return error(401, *AUTHENTICATE)
        route = _ROUTE.fullmatch(request.path)
        try:
            if request.path.startswith(SERVICES) and request.method == "GET":
                service = services(request)
                found = (200, service) if service else None
            else:
                kind, sid = (route["kind"] or "", route["sid"] or "") if route else ("none", "")
                found = self._act(request, kind, sid)
        except RefusedError as refused:
            return error(refused.status, refused.code, refused.message)
        if found is None:
            code, message = NOT_FOUND
            return error(404, code, message.format(path=request.path))
        status, resource = found
        if status == 204:
            return Answer(204, b"", stamped())
        return json_answer(status, resource, stamped())

    def incoming(self, what: Incoming) -> Resource:
        """Call or text one of the account's numbers. Raises: InvalidInputError."""
        number = self.numbers.get(what.number)
        if number is None:
            raise InvalidInputError(f"{what.to} is none of the account's numbers.")
        if what.kind == "call":
            return self.calls.incoming(what, number)
        return self.messages.incoming(what, number)

    def failure(self, status: int, code: str = "") -> Answer:
        """Twilio's error body for a status, or for an error's code."""
        return error(status, int(code), "As ordered") if code else error(status)

    def _act(self, request: Request, kind: str, sid: str) -> tuple[int, Resource] | None:
        method = "GET" if request.method == "HEAD" else request.method
        match kind, method:
            case "", "GET":
                return 200, ACCOUNT
            case "SMS", "GET" if sid == "ShortCodes":
                return 200, page("short_codes", short_codes(request.query), request)
            case "IncomingPhoneNumbers", _:
                return self._on_numbers(request, method, sid)
            case (("Calls" | "Messages"), _):
                return self._on_traffic(request, method, kind, sid)
        return None

    def _on_numbers(self, request: Request, method: str, sid: str) -> tuple[int, Resource] | None:
        if method == "GET" and not sid:
            listed = self.numbers.list(request.query)
            return 200, page("incoming_phone_numbers", listed, request)
        found = self.numbers.get(sid) if sid.startswith("PN") else None
        if found and method == "POST":
            found = self.numbers.change(sid, Form(request))
        return (200, found) if found and method in ("GET", "POST") else None

    def _on_traffic(
        self, request: Request, method: str, kind: str, sid: str
    ) -> tuple[int, Resource] | None:
        traffic: Calls | Messages = self.calls if kind == "Calls" else self.messages
        if not sid:
            match method:
                case "GET":
                    return 200, page(kind.lower(), traffic.list(request.query), request)
                case "POST":
                    return 201, traffic.create(Form(request))
            return None
        found = traffic.get(sid)
        match method:
            case "POST":
                found = traffic.change(sid, Form(request))
            case "DELETE":
                return (204, {}) if traffic.delete(sid) else None
        return (200, found) if found else None


def _authentic(request: Request) -> bool:
    try:
        given = base64.b64decode(request.credentials("basic"), validate=True).decode()
    except ValueError:
        return False
    user, _, password = given.partition(":")
    return authentic(user, password)


def authentic(user: str, password: str) -> bool:
    """Whether an account SID and its token, or an API key and its secret, belong together."""
    right = _KEYS.get(user, "")
    return bool(right) and hmac.compare_digest(password.encode(), right.encode())
