"""Messages.json: sending, listing, showing, redacting, and the messages that come in."""

import threading
from urllib.parse import urljoin

from sandbox.phones import PhoneNetwork
from sandbox.twilio.errors import RefusedError
from sandbox.twilio.forms import Form
from sandbox.twilio.incoming import Incoming
from sandbox.twilio.listing import Resource, filtered
from sandbox.twilio.message import Message
from sandbox.twilio.numbers import Numbers
from sandbox.twilio.refusals import check_message, incapable
from sandbox.twilio.senders import POOL
from sandbox.twilio.signing import request
from sandbox.twilio.twiml import NotTwimlError, parse
from sandbox.wire import Query

FILTERS = {"To": "to", "From": "from_"}
# https://help.twilio.com/articles/223134027
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
START = frozenset({"start", "yes", "unstop"})


class Messages:
    """The account's messages, until the next reset."""

    def __init__(self, network: PhoneNetwork, numbers: Numbers) -> None:
        self._network = network
        self._numbers = numbers
        self._lock = threading.Lock()
        self._messages: dict[str, Message] = {}
        self._opted_out: set[tuple[str, str]] = set()

    def create(self, form: Form) -> Resource:
        """Queue a message. Raises: RefusedError."""
        to, service = form.get("To"), form.get("MessagingServiceSid")
        from_ = form.get("From") or (POOL[0] if service else "")
        texts = self._network.phone(to).texts
        opted_out = texts == "opted-out" or (to, from_) in self._opted_out
        all_numbers = {number["phone_number"] for number in self._numbers.list(())}
        check_message(form, self._numbers.that_can("sms"), all_numbers, opted_out)
        if texts == "incapable":
            raise incapable(to, from_)
        message = Message(
            self._network,
            to,
            from_,
            form.get("Body"),
            callback=form.get("StatusCallback"),
            media=len(form.all("MediaUrl")),
            service=service,
            status="accepted" if service else "queued",
        )
        return self._start(message)

    def incoming(self, what: Incoming, number: Resource) -> Resource:
        """Take a message to one of the account's numbers."""
        message = Message(
            self._network,
            what.to,
            what.from_,
            what.body,
            media=len(what.media),
            attachments=what.media,
            more=what.more,
            direction="inbound",
            status="received",
        )
        with self._lock:
            self._messages[message.sid] = message
            word = what.body.strip().lower()
            if word in STOP:
                self._opted_out.add((what.from_, what.to))
            elif word in START:
                self._opted_out.discard((what.from_, what.to))
        if number["sms_url"]:
            self._network.senders.after(0, lambda: self._ask(message, number))
        return message.resource()

    def get(self, sid: str) -> Resource | None:
        """One message."""
        message = self._messages.get(sid)
        return message.resource() if message else None

    def list(self, query: Query) -> list[Resource]:
        """Those that the query asks for, the newest first. Raises: RefusedError."""
        with self._lock:
            messages = list(reversed(self._messages.values()))
        return filtered(messages, query, FILTERS)

    def change(self, sid: str, form: Form) -> Resource | None:
        """Redact the body or cancel what is not sent yet. Raises: RefusedError."""
        message = self._messages.get(sid)
        if message is None:
            return None
        if form.get("Status") not in ("", "canceled"):
            raise RefusedError(400, 20001, f"Status {form.get('Status')} is not supported")
        if form.get("Status") and not message.cancel():
            raise RefusedError(400, 30409, "Message is not in a cancelable state")
        if "Body" in form:
            if form.get("Body"):
                raise RefusedError(400, 20001, "Body can only be emptied")
            if not message.is_final:
                raise RefusedError(400, 20009, "Cannot redact a message that is not final yet")
            message.body = ""
        return message.resource()

    def delete(self, sid: str) -> bool:
        """Forget a message that is over. Raises: RefusedError."""
        message = self._messages.get(sid)
        if message and not message.is_final:
            raise RefusedError(409, 20009, "Cannot delete a message that is not final yet")
        with self._lock:
            return self._messages.pop(sid, None) is not None

    def _start(self, message: Message) -> Resource:
        with self._lock:
            self._messages[message.sid] = message
        resource = message.resource()
        message.start()
        return resource

    def _ask(self, message: Message, number: Resource) -> None:
        """Ask the app about a message that came in, and send its answer."""
        reply = request(
            self._network, number["sms_method"], number["sms_url"], message.webhook_params()
        )
        try:
            verbs = parse(reply.body) if reply and reply.ok and reply.body.strip() else ()
        except NotTwimlError:
            return
        for verb in verbs:
            to = verb.attributes.get("to", message.from_)
            if verb.name == "Message" and (to, message.to) not in self._opted_out:
                callback = urljoin(number["sms_url"], verb.attributes.get("statusCallback", ""))
                answer = Message(self._network, to, message.to, verb.text)
                answer.direction = "outbound-reply"
                answer.callback = callback if "statusCallback" in verb.attributes else ""
                self._start(answer)
