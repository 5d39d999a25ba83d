"""Twilio (https://www.twilio.com/docs/usage/api, 2010-04-01): calls, messages, numbers."""

from sandbox.twilio.provider import Twilio
from sandbox.twilio.seed import ACCOUNT_SID, AUTH_TOKEN

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "Twilio"]
