"""Ask each configured provider whether it takes its credentials."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import User

from ava.http.problems import Problem
from integrations.credentials import store, verification
from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.providers import PROVIDERS, Provider
from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials


@dataclass(frozen=True)
class Finding:
    """What became of one provider's check, in a word and a sentence."""

    provider: str
    result: Literal["ok", "failed", "not configured"]
    sentence: str


def check(*, user: User | None, providers: Iterable[str]) -> list[Finding]:
    """Check these providers, one after the other.

    Args:
        user: with whose credentials; None for the operator's own, from the environment.

    Raises:
        KeyError: no such provider.
    """
    return [_check(PROVIDERS[slug], user) for slug in providers]


def _check(provider: Provider, user: User | None) -> Finding:
    ask = verification.find(provider.slug)
    try:
        credentials = (
            credentials_for(user=user, provider=provider.slug) if user else _operators(provider)
        )
        if ask is None:
            return Finding(provider.slug, "failed", f"AVA cannot check {provider.name} yet.")
        return Finding(provider.slug, "ok", ask(credentials))
    except CredentialsMissing as problem:
        return Finding(provider.slug, "not configured", problem.detail)
    except Problem as problem:
        return Finding(provider.slug, "failed", problem.detail)


def _operators(provider: Provider) -> Credentials:
    found = store.operators(provider)
    if found is None:
        raise CredentialsMissing(provider.name)
    return found
