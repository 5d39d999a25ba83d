"""Faults of providers, of the way to them, and of the clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.deployment import BREAKER_SECONDS, Deployment
from tests.faults.faults import Fault, Play
from tests.server import until

NO_PROVIDER = frozenset({"provider_unreachable", "provider_unavailable", "provider_busy"})
NO_VAPI = NO_PROVIDER | {"write_unconfirmed"}
RECOVERS = BREAKER_SECONDS + 5.0
# A look-up under way waits for the resolver's own two tries of 5 s, and the breaker after it.
NAMES_RECOVER = BREAKER_SECONDS + 11.0
MINUTE = 60
PLACE = "POST /2010-04-01"


def played(provider: str, **fault: Any) -> Play:
    """Every request to it meets a fault of the sandbox's: one at least, however long that takes."""

    @contextmanager
    def play(ava: Deployment) -> Iterator[None]:
        ava.fault(provider=provider, **fault)
        yield
        until(lambda: any(one["struck"] for one in ava.shown("faults")["faults"]))
        ava.heal()

    return play


@contextmanager
def no_names(ava: Deployment) -> Iterator[None]:
    with ava.machine.silent_resolver():
        for provider in ("twilio", "vapi", "resend"):
            # Connections that AVA has need no name.
            ava.fault(provider=provider, kind="refuse")
        yield
        ava.heal()


def clock_off(seconds: int) -> Play:
    """AVA's processes are so many seconds fast; PostgreSQL and Redis go by the true clock."""

    @contextmanager
    def play(ava: Deployment) -> Iterator[None]:
        ava.machine.set_clock(seconds)
        yield
        ava.machine.set_clock(0)

    return play


TWILIO_HANGS = Fault(
    "Twilio hangs", played("twilio", kind="hang", match=PLACE), 10, NO_PROVIDER, RECOVERS
)
TWILIO_RESETS = Fault(
    "Twilio does what it is asked, and resets the connection",
    played("twilio", kind="reset", when="after", match=PLACE), 4, NO_PROVIDER, RECOVERS,
)  # fmt: skip
RESEND_HANGS = Fault(
    "Resend takes a mail, and hangs",
    played("resend", kind="hang", when="after", match="POST /emails"), 6, NO_PROVIDER, RECOVERS,
)  # fmt: skip
VAPI_DRIPS = Fault("Vapi drips", played("vapi", kind="drip"), 6, NO_VAPI, RECOVERS)
NAMES_FAIL = Fault("DNS does not answer", no_names, 6, NO_VAPI, NAMES_RECOVER, needs="names")
CLOCK_FAST = Fault(
    "AVA's clock jumps a minute ahead, and back",
    clock_off(MINUTE), 6,
)  # fmt: skip
