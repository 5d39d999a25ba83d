"""Registry of the apps that act at a provider with users' credentials. Filled in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User

from integrations.credentials.store import Credentials


@dataclass(frozen=True)
class Client:
    """Functions of the app that acts at one provider.

    Args:
        verify: asks the provider whether it takes the credentials. Returns a sentence for people
            ("Vapi accepted the key."); raises a Problem when it refuses or does not answer.
        warnings: sentences for the user on what cannot go on with what is stored now.
        changed: called in the transaction in which the user's credentials change.
    """

    verify: Callable[[Credentials], str]
    warnings: Callable[[User], list[str]] = lambda user: []
    changed: Callable[[User], None] = lambda user: None


_clients: dict[str, Client] = {}


def register(provider: str, client: Client) -> None:
    _clients[provider] = client


def client(provider: str) -> Client:
    return _clients[provider]
