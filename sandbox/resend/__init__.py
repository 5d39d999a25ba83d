"""Resend (https://resend.com/docs/api-reference): the list of domains."""

from sandbox.resend.provider import API_KEY, Resend

__all__ = ["API_KEY", "Resend"]
