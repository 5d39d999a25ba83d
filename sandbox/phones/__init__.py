"""The telephone network that Twilio and Vapi share: phones, what rang, and mail to callbacks."""

from sandbox.phones.exchange import Exchange

__all__ = ["Exchange"]
