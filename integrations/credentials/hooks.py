"""Webhook accounts: the address names an account, and its own secret proves the delivery."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth.models import User

from ava.inbound.source import InvalidSignature, Pairs
from integrations.credentials import store
from integrations.credentials.masks import mask
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS

PARAMETER = "account"

Complaint = Callable[[Mapping[str, str]], str | None]


@dataclass(frozen=True)
class HookAccount:
    """User with a secret for a provider's webhooks.

    Attributes:
        fields: of their credentials, secrets in clear.
        url: for the provider; None where AVA has no public address.
    """

    user: User
    fields: Mapping[str, str] = field(repr=False, hash=False)
    url: str | None


# Checked where there is no account, so that this takes as long as a wrong secret.
_UNKNOWN: Mapping[str, str] = {"webhook_secret": secrets.token_urlsafe(32)}


def address_of(row: Credential) -> str | None:
    """Address for the provider to send this user's webhooks to; path and query alone where AVA has
    no public address. The row's id reveals nothing."""
    path = PROVIDERS[row.provider].webhooks
    return f"{settings.PUBLIC_URL or ''}{path}?{PARAMETER}={row.pk}" if path else None


def account_of(*, user: User, provider: str) -> HookAccount | None:
    """Webhook account of the user; None without a secret to check deliveries by."""
    row = store.find(user=user, provider=provider)
    return _account(row) if row else None


def proven(query: Pairs, *, provider: str, complaint: Complaint) -> HookAccount:
    """Account that the address names, if its own secret proves the delivery.

    No other account's secret is read, so one account's settings change no other's answer.

    Args:
        query: of the delivery's address.
        complaint: what is wrong with the proof, by the account's fields; None when it is right.

    Raises:
        InvalidSignature: the address names none, or several, or one that takes no webhooks, or the
            proof is not right.
    """
    name = PROVIDERS[provider].name
    named = [value for parameter, value in query if parameter == PARAMETER]
    account = _named(named[0], provider) if len(named) == 1 else None
    reason = complaint(account.fields if account else _UNKNOWN)
    if account is None:
        if not named:
            raise InvalidSignature(
                "The address names no account. "
                f"Give {name} the webhook_url shown with your credentials."
            )
        if len(named) > 1:
            raise InvalidSignature("The address names an account more than once.")
        raise InvalidSignature(f"The address names no account that takes webhooks of {name}.")
    if reason:
        whose = f"{account.user.get_username()} ({account.user.pk})"
        tried = mask(account.fields["webhook_secret"])
        seen = {"user": whose, "webhook_secret tried": tried}
        raise InvalidSignature(reason, seen, owner=account.user)
    return account


def _named(account: str, provider: str) -> HookAccount | None:
    try:
        key = uuid.UUID(account)
    except ValueError:
        return None
    # Where there is no such account, the next one is read and opened all the same, so that the
    # time taken reveals nothing.
    rows = Credential.objects.select_related("user").filter(pk__gte=key, provider=provider)
    row = rows.order_by("pk").first()
    found = _account(row) if row else None
    return found if row and row.pk == key else None


def _account(row: Credential) -> HookAccount | None:
    fields = store.readable(row, PROVIDERS[row.provider])
    if not fields or not fields.get("webhook_secret") or not row.user.is_active:
        return None
    url = address_of(row) if settings.PUBLIC_URL else None
    return HookAccount(row.user, {name: str(v) for name, v in fields.items()}, url)
