"""Calls at Vapi: placing, showing, controlling, and those that come in."""

import threading
from collections.abc import Callable
from typing import Any

from sandbox.clock import SystemClock
from sandbox.control_input import InvalidInputError
from sandbox.phones import PhoneNetwork
from sandbox.phones.phone import E164
from sandbox.twilio import ACCOUNT_SID, Twilio
from sandbox.twilio.call import Call
from sandbox.vapi import seed
from sandbox.vapi.call_session import CallSession
from sandbox.vapi.errors import RefusedError
from sandbox.vapi.numbers import PhoneNumbers
from sandbox.vapi.organisation import Organisation
from sandbox.vapi.schema import check
from sandbox.vapi.store import Resource, Store
from sandbox.vapi.webhooks import ASSISTANT_REQUEST_S, DEFAULT_MESSAGES, AppServer

TWILIO_SIP_DOMAIN = "sandbox.pstn.twilio.com"
_UNSUPPORTED = (
    "customers",
    "squadId",
    "squad",
    "workflowId",
    "workflow",
    "schedulePlan",
    "customerId",
)


class Calls:
    """The organisation's calls, until the next reset."""

    kind = "Call"
    filters: tuple[str, ...] = ("id", "assistantId", "phoneNumberId")

    def __init__(
        self,
        network: PhoneNetwork,
        twilio: Twilio,
        numbers: PhoneNumbers,
        assistants: Store,
        organisation: Callable[[], Organisation],
    ) -> None:
        self.store = Store(SystemClock(), seed.ORG_ID, [])
        self._network = network
        self._twilio = twilio
        self._numbers = numbers
        self._assistants = assistants
        self._organisation = organisation
        self._lock = threading.Lock()
        self._sessions: dict[str, CallSession] = {}

    def create(self, fields: Resource, host: str) -> Resource:
        """Place a call. `host`: by which name the sandbox was called. Raises: RefusedError."""
        check("CreateCallDTO", fields)
        for name in _UNSUPPORTED:
            if name in fields:
                raise RefusedError(400, f"The sandbox does not play {name}.")
        to = (fields.get("customer") or {}).get("number")
        if not to:
            raise RefusedError(400, "Need Either `customer`, `customerId` Or `customers`.")
        if not E164.fullmatch(to):
            raise RefusedError(
                400, ["customer.number must be a valid phone number in the E.164 format."]
            )
        number = self._number(fields)
        assistant = self._assistant(fields)
        from_ = number["number"]
        leg = Call(self._network, to, from_, direction="outbound-api")
        call = self._record(fields, "outboundPhoneCall", leg, number, host)
        session = self._start_session(call, leg, number, assistant)
        leg.on_answered = lambda _: session.answered()
        self._network.timers.after(0, session.queued)
        self._network.timers.after(self._network.dial_delay(), leg.dial)
        return call

    def incoming(self, from_: str, to: str, host: str) -> Resource:
        """Take a call to one of Vapi's numbers. Raises: InvalidInputError."""
        number = self._numbers.by_number(to)
        if number is None:
            raise InvalidInputError(f"Vapi has no number {to}.")
        leg = Call(self._network, to, from_, direction="inbound")
        return self._receive(leg, number, {"number": from_}, host)

    def accept_sip_call(self, trunk: Call) -> bool:
        """Take a call from Twilio to a SIP address. Returns: whether a number of Vapi's has it."""
        number = self._numbers.by_sip(trunk.to)
        if number is None:
            return False
        leg = Call(self._network, trunk.to, trunk.from_, direction="inbound")
        leg.bridge, trunk.bridge = trunk, leg
        self._receive(leg, number, {"sipUri": f"sip:{trunk.from_}@{TWILIO_SIP_DOMAIN}"}, "")
        return True

    def _receive(self, leg: Call, number: Resource, customer: Resource, host: str) -> Resource:
        fields: Resource = {"customer": customer, "phoneNumberId": number["id"]}
        if number.get("assistantId"):
            fields["assistantId"] = number["assistantId"]
        call = self._record(fields, "inboundPhoneCall", leg, number, host)
        leg.ring()  # before there is a session: no webhook reports it
        if "assistantId" in fields:
            self._assign_assistant(call, leg, number, {"assistantId": fields["assistantId"]})
        else:
            asking = self._start_session(call, leg, number, {})
            question = {"type": "assistant-request", **asking.about()}
            asking.server.request(
                question,
                lambda answer: self._assign_assistant(call, leg, number, answer),
                ASSISTANT_REQUEST_S,
            )
        return call

    def update(self, call_id: str, fields: Resource) -> Resource | None:
        """Rename a call. Raises: RefusedError."""
        check("UpdateCallDTO", fields)
        return self.store.update(call_id, fields)

    def delete(self, call_id: str) -> Resource | None:
        """Remove a call; one that is under way is ended first."""
        session = self._sessions.get(call_id)
        if session:
            session.hang_up()
        return self.store.delete(call_id)

    def control(self, call_id: str, order: Any) -> bool:
        """Control a running call. Returns: whether there is one.

        Raises: RefusedError. https://docs.vapi.ai/calls/call-features
        """
        session = self._sessions.get(call_id)
        if session is None or session.leg.ended:
            return False
        kind = order.get("type") if isinstance(order, dict) else None
        if kind == "end-call":
            session.hang_up()
        elif kind not in ("say", "add-message", "control", "transfer"):
            raise RefusedError(400, "Invalid control message.")
        return True

    def _number(self, fields: Resource) -> Resource:
        if given := fields.get("phoneNumber"):
            return {"provider": "twilio", **given, "number": given["twilioPhoneNumber"]}
        if "phoneNumberId" not in fields:
            raise RefusedError(400, "Need Either `phoneNumberId` Or `phoneNumber`.")
        number = self._numbers.store.get(fields["phoneNumberId"])
        if number is None:
            wanted = fields["phoneNumberId"]
            raise RefusedError(400, f"Couldn't Get Phone Number. {wanted} Does Not Exist.")
        return number

    def _assistant(self, fields: Resource) -> Resource:
        """The assistant as it is for this call. Raises: RefusedError."""
        found = fields.get("assistant") or self._assistants.get(fields.get("assistantId", ""))
        if found is None:
            if "assistantId" in fields:
                wanted = fields["assistantId"]
                raise RefusedError(400, f"Couldn't Get Assistant. {wanted} Does Not Exist.")
            raise RefusedError(400, "Need Either `assistant`, `assistantId`, `squad` Or `squadId`.")
        return {**found, **(fields.get("assistantOverrides") or {})}

    def _record(
        self, fields: Resource, kind: str, leg: Call, number: Resource, host: str
    ) -> Resource:
        by_sip = leg.bridge is not None
        provider_id = SystemClock().new_id() if by_sip else leg.sid
        transport: Resource = {}
        if by_sip:
            transport["transport"] = {"provider": "vapi.sip", "callSid": provider_id}
        elif number["provider"] == "twilio":
            transport["transport"] = {
                "provider": "twilio",
                "accountSid": ACCOUNT_SID,
                "callSid": provider_id,
            }
            self._twilio.calls.adopt(leg)
        call = self.store.create(
            {
                "type": kind,
                "status": "queued" if kind == "outboundPhoneCall" else "ringing",
                "phoneCallProvider": number["provider"],
                "phoneCallTransport": "sip" if by_sip else "pstn",
                "phoneCallProviderId": provider_id,
                **fields,
                **transport,
            }
        )
        leg.label = {"provider": "vapi", "call_id": call["id"]}
        if not host:
            return call
        # The host is the sandbox's own; each address is a key to its call.
        control = f"http://{host}/vapi/control/{call['id']}"
        listen = f"ws://{host}/vapi/listen/{call['id']}"
        monitored = self.store.update(
            call["id"], {"monitor": {"controlUrl": control, "listenUrl": listen}}
        )
        return monitored or call

    def _start_session(
        self, call: Resource, leg: Call, number: Resource, assistant: Resource
    ) -> CallSession:
        """Start a call with an assistant; an empty one until the app has named it."""
        settings = assistant.get("server") or number.get("server") or {}
        message_types = frozenset(assistant.get("serverMessages") or DEFAULT_MESSAGES)
        server = AppServer(self._network, self._organisation(), settings, message_types)
        session = CallSession(self.store, call["id"], leg, server, number, assistant)
        leg.on_ringing = lambda _: session.ringing()
        leg.on_ended = lambda _: session.ended()
        leg.time_limit_s = int(assistant.get("maxDurationSeconds", 600))
        with self._lock:
            self._sessions[call["id"]] = session
        return session

    def _assign_assistant(self, call: Resource, leg: Call, number: Resource, answer: Any) -> None:
        """Connect an incoming call to the assistant that the answer names, if any."""
        given = answer if isinstance(answer, dict) else {}
        try:
            assistant = self._assistant(given)
        except (RefusedError, TypeError):
            leg.end("no-answer", "error" if given.get("error") else "nobody")
            return
        named = {n: given[n] for n in ("assistantId", "assistant") if n in given}
        self.store.update(call["id"], named)
        session = self._start_session(call, leg, number, assistant)
        leg.on_answered = lambda _: session.answered()
        self._network.timers.after(self._network.pace.ring_ms / 1000, leg.pick_up)
