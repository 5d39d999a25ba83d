"""Verifiers of credentials, by provider. Filled in the apps' `ready()`."""

from collections.abc import Callable

from integrations.credentials.store import Credentials

Verify = Callable[[Credentials], str]

_verifiers: dict[str, Verify] = {}


def register(provider: str, verify: Verify) -> None:
    """Add this provider's verifier.

    Args:
        verify: returns a sentence for a person ("Vapi accepted the key."); raises a Problem
            when the provider refuses or does not answer.
    """
    _verifiers[provider] = verify


def find(provider: str) -> Verify | None:
    """Verifier of this provider, if there is one."""
    return _verifiers.get(provider)
