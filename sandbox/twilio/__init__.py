"""Plays Twilio's REST API 2010-04-01 (https://www.twilio.com/docs/usage/api): account and numbers."""

from sandbox.twilio.provider import ACCOUNT_SID, AUTH_TOKEN, Twilio

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "Twilio"]
