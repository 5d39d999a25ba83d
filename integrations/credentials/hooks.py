"""Whose a webhook is: the address AVA gave to the provider, and who keeps which secret."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth.models import User

from integrations.credentials import store
from integrations.credentials.errors import CredentialsUnreadable
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS

PARAMETER = "account"
MOST_CANDIDATES = 200
"""Accounts tried for a delivery that names none: each costs an unsealing."""


@dataclass(frozen=True)
class HookAccount:
    """A user who takes a provider's webhooks.

    Attributes:
        fields: of their credentials, secrets in clear.
        url: the address to give to the provider; None without a public one.
    """

    user: User
    fields: Mapping[str, str] = field(repr=False, hash=False)
    url: str | None


def url_of(row: Credential) -> str | None:
    """Where the provider shall send this user's webhooks. The row's id tells nobody anything."""
    path = PROVIDERS[row.provider].webhooks
    if not path or not settings.PUBLIC_URL:
        return None
    return f"{settings.PUBLIC_URL}{path}?{PARAMETER}={row.pk}"


def account_of(*, user: User, provider: str) -> HookAccount | None:
    """The user as a taker of webhooks; None without a secret to check them by."""
    row = store.find(user=user, provider=provider)
    return _account(row) if row else None


def named(*, provider: str, account: str) -> HookAccount | None:
    """The account that a delivery's address names."""
    try:
        key = uuid.UUID(account)
    except ValueError:
        return None
    row = Credential.objects.select_related("user").filter(pk=key, provider=provider).first()
    return _account(row) if row else None


def candidates(*, provider: str) -> Iterator[HookAccount]:
    """Everybody it may be, where the address names nobody; the oldest 200 of more."""
    rows = Credential.objects.select_related("user").filter(provider=provider)
    for row in rows.order_by("created_at", "pk")[:MOST_CANDIDATES]:
        if account := _account(row):
            yield account


def _account(row: Credential) -> HookAccount | None:
    try:
        fields = store.open_fields(row, PROVIDERS[row.provider])
    except CredentialsUnreadable:
        return None
    if not row.user.is_active or not fields.get("webhook_secret"):
        return None
    return HookAccount(row.user, {name: str(v) for name, v in fields.items()}, url_of(row))
