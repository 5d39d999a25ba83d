"""What goes on with a user's credentials, and suffers when they change. Filled in the apps'
`ready()`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User


@dataclass(frozen=True)
class Dependent:
    """An app that works on with credentials after the request that needed them.

    Args:
        warnings: sentences for the user: what cannot go on with what is stored now.
        changed: called in the transaction in which the user's credentials change.
    """

    warnings: Callable[[User], list[str]]
    changed: Callable[[User], None]


_dependents: dict[str, Dependent] = {}


def register(provider: str, dependent: Dependent) -> None:
    """Let an app know of this provider's credentials, and tell what depends on them."""
    _dependents[provider] = dependent


def warnings(*, user: User, provider: str) -> list[str]:
    """What cannot go on with the credentials that serve the user now."""
    dependent = _dependents.get(provider)
    return dependent.warnings(user) if dependent else []


def changed(*, user: User, provider: str) -> None:
    """Tell whoever depends on them."""
    if dependent := _dependents.get(provider):
        dependent.changed(user)
