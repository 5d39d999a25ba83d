"""Vapi (https://docs.vapi.ai/api-reference): assistants, phone numbers and calls."""

from sandbox.vapi.provider import API_KEY, Vapi

__all__ = ["API_KEY", "Vapi"]
