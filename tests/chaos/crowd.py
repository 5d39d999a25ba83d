"""Clients that want calls and messages, and ask with the same key until they have an answer."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import requests

from tests.server import RunningAva

OURS = "+15005550006"
CLIENTS = 24
PER_SECOND = 20
"""Wishes: so that there is time for things to go wrong."""
PAUSE, LONGEST_WAIT = 1.0, 2.0
# Asked again after these. A 500 is none: nothing here makes AVA fail by itself.
PASSING = (409, 429, 502, 503, 504)
PATIENCE = 300
"""Seconds without an answer after which AVA has lost a client's wish."""


@dataclass(frozen=True)
class Wish:
    """Something that is wanted once. No other has the same number.

    Args:
        path: calls or messages.
        behaviour: of the phone, or what becomes of the message.
        assistant: the one that talks, if one does.
    """

    path: str
    to: str
    behaviour: str
    assistant: str = ""

    @property
    def address(self) -> str:
        return f"twilio/{self.path}"

    @property
    def body(self) -> dict[str, str]:
        body = {"to": self.to, "from": OURS}
        if self.assistant:
            return body | {"assistant_id": self.assistant}
        return body | {"say" if self.path == "calls" else "body": f"Hello {self.to}"}


PHONES = ("answer", "answer", "answer", "answer", "busy", "no-answer")
TEXTS = ("delivered", "delivered", "delivered", "undelivered")


def wishes(calls: int, messages: int, assistant: str) -> list[Wish]:
    """Calls and messages in turn; in every fifth call the assistant talks."""
    wanted = [
        Wish("calls", f"+1415555{n:04}", PHONES[n % len(PHONES)], "" if n % 5 else assistant)
        for n in range(calls)
    ]
    wanted += [Wish("messages", f"+1415666{n:04}", TEXTS[n % len(TEXTS)]) for n in range(messages)]
    return sorted(wanted, key=lambda wish: wish.to[-4:])


class Wanted(Protocol):
    """A wish as clients send it."""

    @property
    def to(self) -> str:
        """Whom it is for, and its Idempotency-Key."""

    @property
    def address(self) -> str:
        """The endpoint, from /api/v1/ on."""

    @property
    def body(self) -> Mapping[str, Any]:
        """What it sends."""


AnyWish = TypeVar("AnyWish", bound=Wanted)


class Crowd(Generic[AnyWish]):
    """Clients in threads of their own.

    Args:
        given_up: set when the run has failed and ends.

    Attributes:
        told: the final answer to each wish.
        asked: how many requests that took.
        lost: wishes that came to nothing, with the last answer.
    """

    def __init__(
        self, ava: RunningAva, given_up: threading.Event, wanted: Iterable[AnyWish]
    ) -> None:
        self._url = f"{ava.url}/api/v1"
        self._headers = {"Authorization": str(ava.session.headers["Authorization"])}
        self._given_up = given_up
        self._left: Iterator[tuple[int, AnyWish]] = enumerate(wanted)
        self._lock = threading.Lock()
        self.told: dict[AnyWish, dict[str, Any]] = {}
        self.asked = 0
        self.lost: list[str] = []

    def ask(self) -> None:
        """Ask for all of it; return when each wish has an answer, or one was lost."""
        self._began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for client in [clients.submit(self._want) for _ in range(CLIENTS)]:
                client.result()

    def _want(self) -> None:
        with requests.Session() as session:
            session.headers.update(self._headers)
            while not self.lost and not self._given_up.is_set():
                with self._lock:
                    number, wish = next(self._left, (0, None))
                if wish is None:
                    return
                time.sleep(max(0, self._began + number / PER_SECOND - time.monotonic()))
                self._insist(session, wish)

    def _insist(self, session: requests.Session, wish: AnyWish) -> None:
        give_up = time.monotonic() + PATIENCE
        answer = None
        while time.monotonic() < give_up and not self._given_up.is_set():
            answer = self._ask(session, wish)
            if answer is not None and answer.status_code in (201, 202):
                with self._lock:
                    self.told[wish] = answer.json()
                return
            if answer is not None and answer.status_code not in PASSING:
                break
            wait = answer.headers.get("Retry-After", PAUSE) if answer is not None else PAUSE
            time.sleep(min(float(wait), LONGEST_WAIT))
        self.lost.append(f"{wish}: {answer.text if answer is not None else 'no answer'}")

    def _ask(self, session: requests.Session, wish: AnyWish) -> requests.Response | None:
        with self._lock:
            self.asked += 1
        try:
            return session.post(
                f"{self._url}/{wish.address}",
                json=wish.body,
                headers={"Idempotency-Key": wish.to},
                timeout=15,
            )
        except requests.RequestException:
            return None
