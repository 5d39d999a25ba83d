"""Calls.json: placing, listing, showing and changing calls, and the calls that come in."""

import threading
from collections.abc import Callable
from typing import Any

from sandbox.phones import PhoneNetwork
from sandbox.twilio.call import EVENTS, Call, Callback
from sandbox.twilio.errors import RefusedError
from sandbox.twilio.forms import Form
from sandbox.twilio.listing import Resource, chosen
from sandbox.twilio.numbers import Numbers
from sandbox.twilio.refusals import check_call, check_callback, check_instructions
from sandbox.twilio.script import Script, Source
from sandbox.twilio.twiml import Verb
from sandbox.wire import Query

FILTERS = {"To": "to", "From": "from_", "Status": "status", "ParentCallSid": "parent_sid"}
DIALLED_LEG_S = 10.0

# Takes a leg to a SIP address to whoever is there. Returns: whether there is anybody.
Sip = Callable[[Call], bool]


class Calls:
    """The account's calls, until the next reset."""

    def __init__(self, network: PhoneNetwork, numbers: Numbers, sip: Sip) -> None:
        self._network = network
        self._sip = sip
        self._numbers = numbers
        self._lock = threading.Lock()
        self._calls: dict[str, Call] = {}
        self._scripts: dict[str, Script] = {}
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
            answered=lambda call: self._scripts[call.sid].run(source),
            phone_number_sid=self._numbers.sid(from_),
            time_limit_s=max(form.whole("TimeLimit", 14_400), 1),
        )
        self._begin(call)
        resource = call.resource()
        self._network.timers.after(self._network.dial_delay(), call.dial)
        return resource

    def incoming(self, from_: str, to: str, number: Resource) -> Resource:
        """Somebody calls one of the account's numbers."""
        callback = Callback(number["status_callback"], number["status_callback_method"])
        call = Call(self._network, to, from_, callback, direction="inbound")
        call.phone_number_sid = number["sid"]
        script = self._begin(call)
        call.ring()
        source = Source(
            url=number["voice_url"],
            method=number["voice_method"],
            fallback_url=number["voice_fallback_url"],
            fallback_method=number["voice_fallback_method"],
        )
        self._network.timers.after(0, lambda: script.run(source))
        return call.resource()

    def carry(self, call: Call) -> None:
        """Run a call that another provider placed with the account's key, and leads itself."""
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
        return chosen(calls, query, FILTERS)

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
        script = self._scripts.get(sid)
        if script and instructed and not status:
            script.run(_source(form))
        return call.resource()

    def delete(self, sid: str) -> bool:
        """Forget a call that has ended. Raises: RefusedError."""
        call = self._calls.get(sid)
        if call and not call.ended:
            raise RefusedError(409, 20009, "Call is in progress and cannot be deleted")
        with self._lock:
            return self._calls.pop(sid, None) is not None

    def _begin(self, call: Call) -> Script:
        call.over = self._end_legs
        script = Script(call, self._dial)
        with self._lock:
            self._scripts[call.sid] = script
            self._calls[call.sid] = call
        return script

    def _dial(self, parent: Call, verb: Verb, done: Callable[[Call | None], None]) -> None:
        noun = next((inner for inner in verb.within if inner.name in ("Number", "Sip")), None)
        to = (noun or verb).text if noun or not verb.within else ""
        if not to:
            # A client, a conference: nobody that the sandbox knows.
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
            answered=lambda leg: self._through(parent, leg),
            direction="outbound-dial",
            parent_sid=parent.sid,
            over=done,
        )
        with self._lock:
            self._calls[leg.sid] = leg
            self._legs.setdefault(parent.sid, []).append(leg)
        by_sip = noun is not None and noun.name == "Sip"
        self._network.timers.after(0, (lambda: self._invite(leg)) if by_sip else leg.dial)

    def _invite(self, leg: Call) -> None:
        leg.ring()
        if not self._sip(leg):
            leg.end("failed")

    def _through(self, parent: Call, leg: Call) -> None:
        """Whoever was dialled has picked up. A bridge's other end says when it is over."""
        parent.pick_up()
        if not leg.bridge:
            leg.later(DIALLED_LEG_S, lambda: leg.end("completed", "callee"))

    def _end_legs(self, parent: Call) -> None:
        with self._lock:
            legs = self._legs.pop(parent.sid, [])
        for leg in legs:
            leg.end("completed" if leg.picked_up else "canceled", "caller")


def _source(form: Form) -> Source:
    return Source(
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
