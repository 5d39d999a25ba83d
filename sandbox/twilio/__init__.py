"""Plays Twilio (https://www.twilio.com/docs/usage/api, 2010-04-01): account and numbers."""

from sandbox.twilio.provider import AUTH_TOKEN, Twilio
from sandbox.twilio.seed import ACCOUNT_SID

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "Twilio"]
