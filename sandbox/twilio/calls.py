"""Calls.json: placing, listing, showing and changing calls, and the calls that come in."""

import threading
from collections.abc import Callable
from typing import Any

from sandbox.phones import PhoneNetwork
from sandbox.twilio.call import EVENTS, Call, Callback
from sandbox.twilio.errors import RefusedError
from sandbox.twilio.forms import Form
from sandbox.twilio.incoming import Incoming
from sandbox.twilio.listing import Resource, filtered
from sandbox.twilio.numbers import Numbers
from sandbox.twilio.refusals import check_call, check_callback, check_instructions
from sandbox.twilio.twiml import Verb
from sandbox.twilio.twiml_runner import TwimlRunner, TwimlSource
from sandbox.wire import Query

FILTERS = {"To": "to", "From": "from_", "Status": "status", "ParentCallSid": "parent_sid"}
DIALLED_LEG_S = 10.0

# Connects a leg to a SIP address. Returns: whether the address is known.
SipHandler = Callable[[Call], bool]


class Calls:
    """The account's calls, until the next reset."""

    def __init__(self, network: PhoneNetwork, numbers: Numbers, sip: SipHandler) -> None:
        self._network = network
        self._on_sip = sip
        self._numbers = numbers
        self._lock = threading.Lock()
        self._calls: dict[str, Call] = {}
        self._runners: dict[str, TwimlRunner] = {}
        self._legs: dict[str, list[Call]] = {}

    def create(self, form: Form) -> Resource:
        """Queue a call. Raises: RefusedError."""
        check_call(form, self._numbers.that_can("voice"))
        from_ = form.get("From")
        source = _source(form)
        call = Call(
            self._network,
            form.get("To"),
            from_,
            _callback(form),
            on_answered=lambda call: self._runners[call.sid].run(source),
            phone_number_sid=self._numbers.sid(from_),
            time_limit_s=max(form.whole("TimeLimit", 14_400), 1),
        )
        self._start(call)
        resource = call.resource()
        self._network.timers.after(self._network.dial_delay(), call.dial)
        return resource

    def incoming(self, what: Incoming, number: Resource) -> Resource:
        """Take a call to one of the account's numbers."""
        callback = Callback(number["status_callback"], number["status_callback_method"])
        call = Call(
            self._network, what.to, what.from_, callback, direction="inbound", more=what.more
        )
        call.phone_number_sid = number["sid"]
        runner = self._start(call)
        call.ring()
        source = TwimlSource(
            url=number["voice_url"],
            method=number["voice_method"],
            fallback_url=number["voice_fallback_url"],
            fallback_method=number["voice_fallback_method"],
        )
        self._network.timers.after(0, lambda: runner.run(source))
        return call.resource()

    def adopt(self, call: Call) -> None:
        """Add a call that another provider placed with the account's key, and runs itself."""
        with self._lock:
            self._calls[call.sid] = call

    def get(self, sid: str) -> Resource | None:
        """One call."""
        call = self._calls.get(sid)
        return call.resource() if call else None

    def list(self, query: Query) -> list[Resource]:
        """Those that the query asks for, the newest first. Raises: RefusedError."""
        with self._lock:
            calls = list(reversed(self._calls.values()))
        return filtered(calls, query, FILTERS)

    def change(self, sid: str, form: Form) -> Resource | None:
        """End a call, or give it other instructions. Raises: RefusedError."""
        call = self._calls.get(sid)
        if call is None:
            return None
        check_instructions(form)
        check_callback(form)
        status = form.get("Status")
        if status not in ("", "completed", "canceled"):
            raise RefusedError(400, 21220, f"Invalid call state: {status}")
        instructed = "Url" in form or "Twiml" in form
        with call.lock:
            if call.ended:
                raise RefusedError(400, 21220, "Call is not in-progress. Cannot redirect.")
            if form.get("StatusCallback"):
                call.callback = _callback(form)
            if status and call.status in ("queued", "ringing"):
                call.end("canceled", "rest")
            elif status == "completed":
                call.end("completed", "rest")
            elif instructed and call.status != "in-progress":
                raise RefusedError(400, 21220, "Call is not in-progress. Cannot redirect.")
        runner = self._runners.get(sid)
        if runner and instructed and not status:
            runner.run(_source(form))
        return call.resource()

    def delete(self, sid: str) -> bool:
        """Forget a call that has ended. Raises: RefusedError."""
        call = self._calls.get(sid)
        if call and not call.ended:
            raise RefusedError(409, 20009, "Call is in progress and cannot be deleted")
        with self._lock:
            return self._calls.pop(sid, None) is not None

    def _start(self, call: Call) -> TwimlRunner:
        call.on_ended = self._end_legs
        runner = TwimlRunner(call, self._dial)
        with self._lock:
            self._runners[call.sid] = runner
            self._calls[call.sid] = call
        return runner

    def _dial(self, parent: Call, verb: Verb, done: Callable[[Call | None], None]) -> None:
        noun = next((inner for inner in verb.children if inner.name in ("Number", "Sip")), None)
        to = (noun or verb).text if noun or not verb.children else ""
        if not to:
            # A client or a conference: not played.
            parent.later(1.0, lambda: done(None))
            return
        said: Any = noun.attributes if noun else {}
        leg = Call(
            self._network,
            to,
            verb.attributes.get("callerId", parent.from_),
            Callback(
                said.get("statusCallback", ""),
                said.get("statusCallbackMethod", "POST"),
                _events(said.get("statusCallbackEvent", "")),
            ),
            on_answered=lambda leg: self._connect(parent, leg),
            direction="outbound-dial",
            parent_sid=parent.sid,
            on_ended=done,
        )
        with self._lock:
            self._calls[leg.sid] = leg
            self._legs.setdefault(parent.sid, []).append(leg)
        by_sip = noun is not None and noun.name == "Sip"
        self._network.timers.after(0, (lambda: self._invite(leg)) if by_sip else leg.dial)

    def _invite(self, leg: Call) -> None:
        leg.ring()
        if not self._on_sip(leg):
            leg.end("failed")

    def _connect(self, parent: Call, leg: Call) -> None:
        """Connect a dialled leg that has picked up. A bridge's other end ends it."""
        parent.pick_up()
        if not leg.bridge:
            leg.later(DIALLED_LEG_S, lambda: leg.end("completed", "callee"))

    def _end_legs(self, parent: Call) -> None:
        with self._lock:
            legs = self._legs.pop(parent.sid, [])
        for leg in legs:
            leg.end("completed" if leg.picked_up else "canceled", "caller")


def _source(form: Form) -> TwimlSource:
    return TwimlSource(
        twiml=form.get("Twiml"),
        url=form.get("Url"),
        method=form.method("Method"),
        fallback_url=form.get("FallbackUrl"),
        fallback_method=form.method("FallbackMethod"),
    )


def _callback(form: Form) -> Callback:
    events = _events(" ".join(form.all("StatusCallbackEvent")))
    return Callback(form.get("StatusCallback"), form.method("StatusCallbackMethod"), events)


def _events(text: str) -> frozenset[str]:
    return frozenset(text.split()) & frozenset(EVENTS) or frozenset({"completed"})
