"""Webhook accounts: the address names an account, and its own secret proves the delivery."""

import secrets
import uuid
from collections.abc import Callable, Mapping

from django.contrib.auth.models import User

from ava.inbound.source import InvalidSignature, Pairs
from integrations.credentials import store
from integrations.credentials.models import WEBHOOK_ACCOUNT, Credential
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.validation import mask

# Checked where there is no account, so that this takes as long as a wrong secret.
_UNKNOWN: Mapping[str, str] = {"webhook_secret": secrets.token_urlsafe(32)}
_NONE = (None, None)


def fields_of(row: Credential | None) -> dict[str, str] | None:
    fields = store.readable(row) if row else None
    if not row or not fields or not fields.get("webhook_secret") or not row.user.is_active:
        return None
    return {name: str(value) for name, value in fields.items()}


def proven(
    query: Pairs, *, provider: str, complaint: Callable[[Mapping[str, str]], str | None]
) -> User:
    """User whose account the address names, if its own secret proves the delivery.

    No other account's secret is read, so one account's settings change no other's answer.
    `complaint` says what is wrong with the proof, by the account's fields; None when it is right.
    """
    name = PROVIDERS[provider].name
    named = [value for parameter, value in query if parameter == WEBHOOK_ACCOUNT]
    user, fields = _account(named[0], provider) if len(named) == 1 else _NONE
    reason = complaint(fields or _UNKNOWN)
    if not named:
        raise InvalidSignature(
            "The address names no account. "
            f"Give {name} the webhook_url shown with your credentials."
        )
    if len(named) > 1:
        raise InvalidSignature("The address names an account more than once.")
    if user is None or fields is None:
        raise InvalidSignature(f"The address names no account that takes webhooks of {name}.")
    if reason:
        seen = {
            "user": f"{user.get_username()} ({user.pk})",
            "webhook_secret tried": mask(fields["webhook_secret"]),
        }
        raise InvalidSignature(reason, seen, owner=user)
    return user


def _account(named: str, provider: str) -> tuple[User | None, Mapping[str, str] | None]:
    try:
        key = uuid.UUID(named)
    except ValueError:
        return _NONE
    # Where there is no such account, the next one is read and opened all the same, so that the
    # time taken reveals nothing.
    rows = Credential.objects.select_related("user").filter(pk__gte=key, provider=provider)
    row = rows.order_by("pk").first()
    fields = fields_of(row)
    return (row.user, fields) if row and row.pk == key else _NONE
