"""Providers' bad days: some of what is asked of them fails, before or after the work is done."""

import random
import threading
from typing import Any

from tests.chaos.trouble import Trouble
from tests.server import RunningAva

ADDRESSES = {
    "twilio": {"POST": "POST /2010-04-01", "GET": "GET /2010-04-01"},
    "vapi": {"POST": "POST /call", "GET": "GET /call"},
}
# A call in five is Vapi's, and no message is.
PROVIDERS = ("twilio",) * 9 + ("vapi",)
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "hang", "when": "after", "match": "POST"},
    {"kind": "hang", "when": "before", "match": "POST"},
    {"kind": "status", "status": 500, "when": "after", "match": "POST"},
    {"kind": "status", "status": 500, "when": "before", "match": "POST"},
    {"kind": "reset", "when": "after", "match": "POST"},
    {"kind": "reset", "when": "before", "match": "POST"},
    {"kind": "garbage", "when": "after", "match": "POST"},
    {"kind": "status", "status": 429, "match": "POST"},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}, "match": "POST"},
    {"kind": "reset", "match": "GET"},
    {"kind": "status", "status": 503, "match": "GET"},
)
# So many in a row open the breaker.
STORM = 4
PAUSE = 0.25


class Weather(Trouble):
    """Orders faults until it is to clear up. Callbacks get lost, come twice, late and in disorder.

    Attributes:
        ordered: how many of each kind, in words.
    """

    def __init__(self, ava: RunningAva, given_up: threading.Event, *, seed: int) -> None:
        super().__init__(given_up)
        self._ava = ava
        self._random = random.Random(seed)
        self.ordered: dict[str, int] = {}

    def _go_on(self) -> None:
        self._ava.order("callbacks", drop=0.5, duplicate=0.3, shuffle=True, delay_ms=50)
        while not self._enough.wait(PAUSE) and not self._given_up.is_set():
            self._blow()
        # All is well again, callbacks included.
        self._ava.heal()
        self._ava.order("callbacks")

    def _blow(self) -> None:
        # Enough are waiting for a request: more of them would let nothing through.
        waiting = [fault["provider"] for fault in self._ava.shown("faults")["faults"]]
        provider = self._random.choice(PROVIDERS)
        if waiting.count(provider) > 2:
            return
        fault = dict(self._random.choice(FAULTS))
        fault["match"] = ADDRESSES[provider][fault["match"]]
        for _ in range(STORM if self._random.random() < 0.1 else 1):
            self._ava.fault(provider=provider, count=1, **fault)
            name = f"{fault['kind']} {fault.get('status', fault.get('when', 'before'))}"
            self.ordered[name] = self.ordered.get(name, 0) + 1
