"""State of the whole sandbox, in one place so that one reset restores all of it."""

from typing import Any

from sandbox.calendars.store import EventEffects
from sandbox.clock import CountingClock
from sandbox.faults import Faults
from sandbox.google import Google
from sandbox.log import RequestLog
from sandbox.mail.mailbox import Mailbox
from sandbox.microsoft import Microsoft
from sandbox.phones import PhoneNetwork
from sandbox.provider import Provider
from sandbox.resend import Resend
from sandbox.twilio import Twilio
from sandbox.vapi import Vapi


class SandboxState:
    """Providers, faults, log, and what really happened."""

    def __init__(self) -> None:
        self.clock = CountingClock()
        self.faults = Faults()
        self.log = RequestLog()
        self.network = PhoneNetwork()
        self.mailbox = Mailbox()
        self.smtp_port: int | None = None
        self.twilio = Twilio(lambda: self.network)
        self.vapi = Vapi(self.clock, lambda: self.network, self.twilio)
        self.event_effects = EventEffects()
        self.google = Google(self.event_effects)
        self.microsoft = Microsoft(self.event_effects)
        self.resend = Resend(self.mailbox, lambda: self.network)
        self.providers: dict[str, Provider] = {
            "vapi": self.vapi,
            "twilio": self.twilio,
            "resend": self.resend,
            "google": self.google,
            "microsoft": self.microsoft,
        }

    def effects(self) -> dict[str, list[Any]]:
        """Effects on people: phones that rang, messages and mails that left, events made."""
        mails = [mail.effect() for mail in self.mailbox.mails()]
        return {**self.network.effects(), "mails": mails, "events": self.event_effects.all()}

    def reset(self) -> None:
        """Back to the seed data: state, faults, log, phones, mails, clock. Running calls vanish."""
        self.network.stop()
        self.network = PhoneNetwork()
        self.faults.reset()
        self.clock.reset()
        self.twilio.reset()
        self.vapi.reset()
        self.mailbox.clear()
        self.resend.reset()
        self.event_effects.reset()
        self.google.reset()
        self.microsoft.reset()
        self.log.clear()
