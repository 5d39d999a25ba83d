"""Runner of TwiML on an answered call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from sandbox.phones.http_client import is_url
from sandbox.twilio.call import Call
from sandbox.twilio.signing import Params, request
from sandbox.twilio.twiml import NotTwimlError, Verb, parse

MOST_VERBS = 1000
APPLICATION_ERROR = "application-error"

# Dials what a <Dial> says, and passes on the leg when it has ended; None without one.
Dial = Callable[[Call, Verb, Callable[[Call | None], None]], None]


@dataclass(frozen=True)
class TwimlSource:
    """Source of a call's TwiML: a document, or an address to ask."""

    twiml: str = ""
    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"


class TwimlRunner:
    """Runs one call's TwiML verb by verb. A new source replaces the rest of the old one."""

    def __init__(self, call: Call, dial: Dial) -> None:
        self._call = call
        self._dial = dial
        self._turn = 0
        self._performed = 0

    def run(self, source: TwimlSource) -> None:
        """Run another source from now on."""
        turn = self._next_turn()
        if source.url:
            self._fetch(turn, source, ())
        else:
            self._read(turn, source.twiml, "")

    def _next_turn(self) -> int:
        with self._call.lock:
            self._turn += 1
            return self._turn

    def _fetch(self, turn: int, source: TwimlSource, extra: Params) -> None:
        def ask() -> None:
            params = [*self._call.params(), *extra]
            reply = request(self._call.network, source.method, source.url, params)
            if reply and reply.ok:
                self._read(turn, reply.body, source.url)
            elif source.fallback_url:
                failed = [("ErrorCode", "11200"), ("ErrorUrl", source.url)]
                next_ = TwimlSource(url=source.fallback_url, method=source.fallback_method)
                self._fetch(turn, next_, [*extra, *failed])
            else:
                self._end(turn, APPLICATION_ERROR)

        self._call.network.callbacks.ask("twiml", ask)

    def _read(self, turn: int, document: bytes | str, base: str) -> None:
        try:
            verbs = parse(document)
        except NotTwimlError:
            self._end(turn, APPLICATION_ERROR)
            return
        self._call.network.timers.after(0, lambda: self._perform(turn, verbs, base))

    def _perform(self, turn: int, verbs: Sequence[Verb], base: str) -> None:
        call = self._call
        with call.lock:
            if turn != self._turn or call.ended:
                return
            self._performed += 1
        if not verbs or self._performed > MOST_VERBS:
            self._end(turn, "twiml")
            return
        verb, rest = verbs[0], verbs[1:]
        if call.status == "ringing" and verb.name == "Reject":
            busy = verb.attributes.get("reason") == "busy"
            call.end("busy" if busy else "no-answer", "twiml")
            return
        if call.status == "ringing" and verb.name != "Pause" and not _answers_on_bridge(verb):
            call.pick_up()
        match verb.name:
            case "Hangup" | "Reject":
                self._end(turn, "twiml")
            case "Redirect":
                self._ask(turn, base, verb.text, verb, ())
            case "Gather":
                self._gather(turn, base, verb, rest)
            case "Dial":
                self._dial(call, verb, lambda leg: self._after_dial(turn, base, verb, rest, leg))
            case _:
                call.later(verb.duration_s, lambda: self._perform(turn, rest, base))

    def _gather(self, turn: int, base: str, verb: Verb, rest: Sequence[Verb]) -> None:
        call = self._call
        digits = call.network.phone(call.remote_number).digits
        if digits is None:
            call.later(verb.duration_s, lambda: self._perform(turn, rest, base))
            return
        action = verb.attributes.get("action", "")
        said = sum(inner.duration_s for inner in verb.children)
        call.later(said, lambda: self._ask(turn, base, action, verb, [("Digits", digits)]))

    def _after_dial(
        self, turn: int, base: str, verb: Verb, rest: Sequence[Verb], leg: Call | None
    ) -> None:
        action = verb.attributes.get("action")
        if action is None:
            self._perform(turn, rest, base)
            return
        status = leg.status if leg else "failed"
        extra = [("DialCallStatus", status)]
        if leg:
            bridged = "true" if leg.picked_up else "false"
            extra += [
                ("DialCallSid", leg.sid),
                ("DialCallDuration", str(leg.seconds)),
                ("DialBridged", bridged),
            ]
        self._ask(turn, base, action, verb, extra)

    def _ask(self, turn: int, base: str, target: str, verb: Verb, extra: Params) -> None:
        url = urljoin(base, target)
        if not is_url(url):
            self._end(turn, APPLICATION_ERROR)
            return
        method = "GET" if verb.attributes.get("method", "").upper() == "GET" else "POST"
        self._fetch(turn, TwimlSource(url=url, method=method), extra)

    def _end(self, turn: int, by: str) -> None:
        with self._call.lock:
            if turn == self._turn:
                self._call.end("completed", by)


def _answers_on_bridge(verb: Verb) -> bool:
    """Whether the caller hears it ring until the dialled party picks up."""
    return verb.name == "Dial" and verb.attributes.get("answerOnBridge") == "true"
