"""Signed webhooks of Twilio and Vapi, made ahead of time, and clients that send them."""

import http.client
import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from urllib.parse import urlencode, urlsplit

from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.twilio.signing import signature

HOOKS = "/api/v1/webhooks"
CALL_LIFE = ("initiated", "ringing", "in-progress", "completed")
MESSAGE_LIFE = ("queued", "sent", "delivered", "read")
TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Webhook:
    """One request, ready to be sent.

    Args:
        kind: for the table.
        about: what AVA's row of it says: kind or event, SID or call id, status.
    """

    kind: str
    about: tuple[str, str, str]
    path: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False, hash=False)


@dataclass(frozen=True)
class Answer:
    """Answer to one: milliseconds until it had been read, and its status; 0: none."""

    webhook: Webhook
    taken: float
    status: int


def twilio(url: str, kind: str, sid_name: str, sid: str, status: str, mark: str = "") -> Webhook:
    """As Twilio signs it. `mark`: the query of the address that AVA gave."""
    path = f"{HOOKS}/twilio/{kind}{mark}"
    spoken = {"voice": "CallStatus", "call-status": "CallStatus"}.get(kind, "MessageStatus")
    form = (
        ("AccountSid", ACCOUNT_SID),
        (sid_name, sid),
        (spoken, status),
        ("From", "+15005550010"),
        ("To", "+15005550006"),
        ("ApiVersion", "2010-04-01"),
    )
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature(AUTH_TOKEN, url + path, form),
    }
    return Webhook(kind, (kind, sid, status), path, urlencode(form).encode(), headers)


def of_call(url: str, call: dict[str, str]) -> Iterator[Webhook]:
    """The life of a call that AVA placed: what is said, and how it stands."""
    sid, mark = call["provider_sid"], f"?call={call['id']}&attempt=1"
    yield twilio(url, "voice", "CallSid", sid, "in-progress", mark)
    for status in CALL_LIFE:
        yield twilio(url, "call-status", "CallSid", sid, status, mark)


def of_message(url: str, message: dict[str, str]) -> Iterator[Webhook]:
    """The life of a message that AVA sent."""
    mark = f"?message={message['id']}&attempt=1"
    for status in MESSAGE_LIFE:
        yield twilio(url, "message-status", "MessageSid", message["provider_sid"], status, mark)


def coming_in(url: str) -> Iterator[Webhook]:
    """Calls that come in."""
    while True:
        yield twilio(url, "voice", "CallSid", f"CA{uuid.uuid4().hex}", "ringing")


def of_assistant(hook: str, secret: str) -> Iterator[Webhook]:
    """Reports of Vapi's on calls: each one begins, and ends with everything that was said."""
    parts = urlsplit(hook)
    while True:
        call = str(uuid.uuid4())
        said = [{"role": "bot", "message": "And then?", "time": 0}] * 40
        messages: list[dict[str, object]] = [
            {"type": "status-update", "status": "in-progress"},
            {"type": "end-of-call-report", "cost": 0.1, "artifact": {"messages": said}},
        ]
        for message in messages:
            about = {"id": call, "type": "outboundPhoneCall", "assistantId": str(uuid.uuid4())}
            stamp = int(time.time() * 1000)
            body = json.dumps({"message": {**message, "timestamp": stamp, "call": about}})
            yield Webhook(
                "vapi",
                (str(message["type"]), call, str(message.get("status", ""))),
                f"{parts.path}?{parts.query}",
                body.encode(),
                {"Content-Type": "application/json", "X-Vapi-Secret": secret},
            )


def mixed(count: int, *streams: Iterator[Webhook]) -> list[Webhook]:
    """So many, one of each stream in turn."""
    turns = (next(stream, None) for stream in cycle(streams))
    return list(islice((one for one in turns if one), count))


def lives(*each: Iterator[Webhook]) -> Iterator[Webhook]:
    """Several lives at the same time, each in its own order."""
    return (one for step in zip(*each, strict=True) for one in step)


def send(url: str, webhooks: Sequence[Webhook], *, clients: int, kept: bool) -> list[Answer]:
    """Send them all, so many at once, each client its next one as soon as it has an answer.

    Args:
        kept: whether a client keeps its connection.
    """
    waiting: queue.SimpleQueue[Webhook] = queue.SimpleQueue()
    for webhook in webhooks:
        waiting.put(webhook)
    found: list[list[Answer]] = [[] for _ in range(clients)]

    def client(answers: list[Answer]) -> None:
        line = _line(url)
        while True:
            try:
                webhook = waiting.get_nowait()
            except queue.Empty:
                line.close()
                return
            started = time.perf_counter()
            status = _post(line, webhook)
            answers.append(Answer(webhook, 1000 * (time.perf_counter() - started), status))
            if not kept:
                line.close()

    threads = [threading.Thread(target=client, args=(answers,)) for answers in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(chain(*found))


def ask(url: str, path: str) -> float:
    """Milliseconds that a GET over a new connection takes."""
    started = time.perf_counter()
    line = _line(url)
    line.request("GET", path)
    line.getresponse().read()
    line.close()
    return 1000 * (time.perf_counter() - started)


def _line(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)


def _post(line: http.client.HTTPConnection, webhook: Webhook) -> int:
    try:
        line.request("POST", webhook.path, webhook.body, webhook.headers)
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return 0
    return answer.status
