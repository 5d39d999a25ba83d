"""Providers' bad days: some of what is asked of them fails, before or after the work is done."""

import random
import threading
from typing import Any

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


class Weather:
    """Orders faults until it is told to clear up.

    Attributes:
        ordered: how many of each kind, in words.
    """

    def __init__(self, ava: RunningAva, *, seed: int, pause: float = 0.25) -> None:
        self._ava = ava
        self._random = random.Random(seed)
        self._pause = pause
        self._clear = threading.Event()
        self._thread = threading.Thread(target=self._blow, daemon=True)
        self.ordered: dict[str, int] = {}

    def start(self) -> None:
        """Callbacks get lost, come twice, late and in disorder from now on, too."""
        self._ava.order("callbacks", drop=0.5, duplicate=0.3, shuffle=True, delay_ms=50)
        self._thread.start()

    def clear(self) -> None:
        """All is well again, callbacks included."""
        self._clear.set()
        self._thread.join()
        self._ava.heal()
        self._ava.order("callbacks")

    def _blow(self) -> None:
        while not self._clear.wait(self._pause):
            # Those that struck nobody yet are enough: a wall of them lets nothing through.
            waiting = [fault["provider"] for fault in self._ava.shown("faults")["faults"]]
            provider = self._random.choice(PROVIDERS)
            if waiting.count(provider) > 2:
                continue
            fault = dict(self._random.choice(FAULTS))
            fault["match"] = ADDRESSES[provider][fault["match"]]
            for _ in range(STORM if self._random.random() < 0.1 else 1):
                self._ava.fault(provider=provider, count=1, **fault)
                name = f"{fault['kind']} {fault.get('status', fault.get('when', 'before'))}"
                self.ordered[name] = self.ordered.get(name, 0) + 1
