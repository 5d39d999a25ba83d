"""Dependents of credentials: apps whose background work goes on with them. Filled in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User


@dataclass(frozen=True)
class Dependent:
    """App that works with credentials after the request that needed them.

    Args:
        warnings: sentences for the user: what cannot go on with what is stored now.
        changed: called in the transaction in which the user's credentials change.
    """

    warnings: Callable[[User], list[str]]
    changed: Callable[[User], None]


_dependents: dict[str, Dependent] = {}


def register(provider: str, dependent: Dependent) -> None:
    """Add the app that depends on this provider's credentials."""
    _dependents[provider] = dependent


def warnings(*, user: User, provider: str) -> list[str]:
    """Sentences on what cannot go on with the credentials that serve the user now."""
    dependent = _dependents.get(provider)
    return dependent.warnings(user) if dependent else []


def changed(*, user: User, provider: str) -> None:
    """Notify the dependent."""
    if dependent := _dependents.get(provider):
        dependent.changed(user)
