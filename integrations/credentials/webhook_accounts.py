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
from integrations.credentials.models import WEBHOOK_ACCOUNT, Credential
from integrations.credentials.providers import PROVIDERS

# Checked where there is no account, so that this takes as long as a wrong secret.
_UNKNOWN: Mapping[str, str] = {"webhook_secret": secrets.token_urlsafe(32)}


@dataclass(frozen=True)
class WebhookAccount:
    """User with a secret for a provider's webhooks.

    Args:
        fields: of their credentials, secrets in clear.
        url: for the provider; None where AVA has no public address.
    """

    user: User
    fields: Mapping[str, str] = field(repr=False, hash=False)
    url: str | None


def account_of(*, user: User, provider: str) -> WebhookAccount | None:
    """Webhook account of the user; None without a secret to check deliveries by."""
    row = store.find(user=user, provider=provider)
    return _account(row) if row else None


def proven(
    query: Pairs, *, provider: str, complaint: Callable[[Mapping[str, str]], str | None]
) -> WebhookAccount:
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
    named = [value for parameter, value in query if parameter == WEBHOOK_ACCOUNT]
    account = _named(named[0], provider) if len(named) == 1 else None
    reason = complaint(account.fields if account else _UNKNOWN)
    if not named:
        raise InvalidSignature(
            "The address names no account. "
            f"Give {name} the webhook_url shown with your credentials."
        )
    if len(named) > 1:
        raise InvalidSignature("The address names an account more than once.")
    if account is None:
        raise InvalidSignature(f"The address names no account that takes webhooks of {name}.")
    if reason:
        seen = {
            "user": f"{account.user.get_username()} ({account.user.pk})",
            "webhook_secret tried": mask(account.fields["webhook_secret"]),
        }
        raise InvalidSignature(reason, seen, owner=account.user)
    return account


def _named(account: str, provider: str) -> WebhookAccount | None:
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


def _account(row: Credential) -> WebhookAccount | None:
    fields = store.readable(row)
    if not fields or not fields.get("webhook_secret") or not row.user.is_active:
        return None
    url = row.webhook_url if settings.PUBLIC_URL else None
    return WebhookAccount(row.user, {name: str(v) for name, v in fields.items()}, url)
