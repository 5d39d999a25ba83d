"""Registry of the apps that act at a provider with users' credentials. Filled in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User

from integrations.credentials.store import Credentials


@dataclass(frozen=True)
class Client:
    # Asks the provider. A sentence for people ("Vapi accepted the key."), else a Problem.
    verify: Callable[[Credentials], str]
    # Sentences for the user on what cannot go on with what is stored now.
    warnings: Callable[[User], list[str]] = lambda user: []
    # Called in the transaction in which the user's credentials change.
    changed: Callable[[User], None] = lambda user: None


_clients: dict[str, Client] = {}


def register(provider: str, client: Client) -> None:
    _clients[provider] = client


def client(provider: str) -> Client:
    return _clients[provider]
