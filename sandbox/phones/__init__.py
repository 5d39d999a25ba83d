"""Telephone network that Twilio and Vapi share: phones, effects and callbacks."""

from sandbox.phones.network import PhoneNetwork

__all__ = ["PhoneNetwork"]
