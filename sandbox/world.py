"""Everything the sandbox remembers, in one place, so that one reset brings all of it back."""

from typing import Any

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.log import RequestLog
from sandbox.phones import Exchange
from sandbox.provider import Provider
from sandbox.resend import Resend
from sandbox.twilio import Twilio
from sandbox.unplayed import Unplayed, google_error, microsoft_error
from sandbox.vapi import Vapi


class World:
    """The providers, the faults, the log, and what really happened."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.log = RequestLog()
        self.exchange = Exchange()
        self.twilio = Twilio(lambda: self.exchange)
        self.vapi = Vapi(self.clock, lambda: self.exchange, self.twilio)
        self.providers: dict[str, Provider] = {
            "vapi": self.vapi,
            "twilio": self.twilio,
            "resend": Resend(),
            "google": Unplayed(google_error),
            "microsoft": Unplayed(microsoft_error),
        }

    def effects(self) -> dict[str, list[Any]]:
        """What really happened to people: phones that rang, messages that left."""
        return {**self.exchange.effects(), "mails": [], "events": []}

    def reset(self) -> None:
        """Back to the seed data: state, faults, log, phones, clock. Running calls just vanish."""
        self.exchange.stop()
        self.exchange = Exchange()
        self.faults.reset()
        self.clock.reset()
        for provider in self.providers.values():
            provider.reset()
        self.log.clear()
