"""Plays Vapi (https://docs.vapi.ai/api-reference): assistants and phone numbers."""

from sandbox.vapi.provider import API_KEY, Vapi

__all__ = ["API_KEY", "Vapi"]
