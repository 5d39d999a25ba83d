"""Credentials of a user for a provider: stored, shown, used and verified."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from ava.http import correlation
from ava.http.problems import Problem
from ava.inbound.services import warnings_of_volume
from integrations.credentials import store
from integrations.credentials.errors import (
    CredentialsMissing,
    CredentialsUnreadable,
    UnknownProvider,
)
from integrations.credentials.models import Credential, CredentialChange
from integrations.credentials.providers import BY_FIELDS, PROVIDERS, Provider
from integrations.credentials.store import Credentials
from integrations.credentials.validation import mask, validate, weaknesses

log = structlog.get_logger("integrations.credentials")

Action = CredentialChange.Action
Source = CredentialChange.Source


@dataclass(frozen=True)
class Client:
    """Functions of the app that acts at one provider."""

    # Asks the provider. A sentence for people ("Vapi accepted the key."), else a Problem.
    verify: Callable[[Credentials], str]
    # Sentences for the user on what cannot go on with what is stored now.
    warnings: Callable[[User], list[str]] = lambda user: []
    # Called in the transaction in which the user's credentials change.
    changed: Callable[[User], None] = lambda user: None
    # What there is to choose from, by field: a value, and its word.
    choices: Callable[[User], Mapping[str, Sequence[tuple[str, str]]]] = lambda user: {}


clients: dict[str, Client] = {}
"""Clients by provider; filled in `ready()`."""


@dataclass(frozen=True)
class Description:
    provider: str
    source: Literal["user", "environment", "none"]
    configured: bool  # there is something to use, the user's or the operator's
    fields: Mapping[str, str | int | None]
    readable: bool = True  # False when the user's own do not open any more
    updated_at: datetime | None = None
    webhook_url: str | None = None
    warnings: Sequence[str] = ()


def credentials_for(*, user: User, provider: str, own: bool = False) -> Credentials:
    """Credentials to reach this provider with, on behalf of this user.

    The operator's serve only a user who stored none, and not with `own`: half of the user's own is
    an error. Raises: CredentialsMissing, CredentialsUnreadable.
    """
    spec = PROVIDERS[provider]
    row = store.find(user=user, provider=provider)
    if row is None:
        found = None if own else store.from_environment(user=user, provider=spec)
        if found is None:
            raise CredentialsMissing(spec.name)
        return found
    return _own(row)


def serving(*, user: User, providers: Sequence[str]) -> list[Credentials]:
    """Credentials of several providers that do the same, in their order: all that the user stored,
    or the operator's, where the user stored none of them. Raises: CredentialsMissing,
    CredentialsUnreadable, where none of the user's can be used."""
    mine = Credential.objects.filter(user_id=user.pk, provider__in=providers)
    rows = {row.provider: row for row in mine}
    if not rows:
        known = (PROVIDERS[slug] for slug in providers)
        found = (store.from_environment(user=user, provider=each) for each in known)
        return [each for each in found if each]
    usable: list[Credentials] = []
    faults: list[Problem] = []
    for row in (rows[slug] for slug in providers if slug in rows):
        try:
            usable.append(_own(row))
        except (CredentialsMissing, CredentialsUnreadable) as fault:
            faults.append(fault)
    if not usable:
        raise faults[0]
    return usable


def _own(row: Credential) -> Credentials:
    spec = PROVIDERS[row.provider]
    fields = {name: str(value) for name, value in store.open_fields(row).items()}
    if any(field.required and not fields.get(field.name) for field in spec.fields):
        raise CredentialsMissing(spec.name)
    return Credentials(row.provider, "user", MappingProxyType(fields), str(row.version))


def describe(*, user: User, provider: str, row: Credential | None = None) -> Description:
    """Description of the user's credentials, or only that the operator's serve.

    `row` is the user's, where the caller has just saved it.
    """
    spec = typed_in(provider)
    row = row or store.find(user=user, provider=provider)
    warnings = clients[provider].warnings(user)
    if row is None:
        served = store.from_environment(user=user, provider=spec) is not None
        empty = {field.name: None for field in spec.fields}
        whose: Literal["environment", "none"] = "environment" if served else "none"
        return Description(provider, whose, served, empty, warnings=warnings)
    if spec.webhooks:
        now = timezone.now()
        warnings += warnings_of_volume(provider=provider, name=spec.name, owner=user, now=now)
    return describe_row(row, warnings)


def describe_row(row: Credential, warnings: Sequence[str] = ()) -> Description:
    spec = PROVIDERS[row.provider]
    stored = store.readable(row)
    fields = row.clear if stored is None else stored
    shown: dict[str, str | int | None] = {}
    for field in spec.fields:
        value = fields.get(field.name)
        shown[field.name] = mask(value) if field.secret and value is not None else value
    is_unheard = spec.unheard and stored is not None and "webhook_secret" not in stored
    return Description(
        provider=row.provider,
        configured=True,
        source="user",
        readable=stored is not None,
        fields=shown,
        updated_at=row.updated_at,
        webhook_url=row.webhook_url,
        warnings=[
            *weaknesses(spec, fields),
            *([spec.unheard] if is_unheard else ()),
            *warnings,
        ],
    )


def save(
    *,
    user: User,
    provider: str,
    values: Mapping[str, Any],
    actor: User | None = None,
    source: str = Source.API,
) -> Credential:
    """Replace the user's credentials for this provider by `values`.

    A secret given as its mask keeps its value; an optional field left out, null or empty is
    removed. `actor` is given where it is not the user. Raises: UnknownProvider, ValidationFailed.
    """
    spec = typed_in(provider)
    try:
        return _save(user, spec, values, actor, source)
    except IntegrityError:
        # Another request stored the first one at the same moment: replace that.
        return _save(user, spec, values, actor, source)


@transaction.atomic
def _save(
    user: User, spec: Provider, values: Mapping[str, Any], actor: User | None, source: str
) -> Credential:
    row = Credential.objects.select_for_update().filter(user_id=user.pk, provider=spec.slug).first()
    action = Action.CHANGED if row else Action.CREATED
    stored = store.readable(row) if row else {}
    fields = validate(spec, values, stored)
    before = stored or {}
    changed = sorted(
        name for name in fields.keys() | before.keys() if fields.get(name) != before.get(name)
    )
    row = row or Credential(user_id=user.pk, provider=spec.slug)
    if changed:
        store.fill(row, fields)
        row.version = uuid.uuid4()
        row.updated_at = timezone.now()
        row.save()
        _record(user, spec.slug, action, changed, actor, source)
        clients[spec.slug].changed(user)
    return row


def preview(*, user: User, provider: str, values: Mapping[str, Any]) -> None:
    """Check `values` as `save` does, with its exceptions, and store nothing."""
    row = store.find(user=user, provider=provider)
    validate(typed_in(provider), values, store.readable(row) if row else {})


@transaction.atomic
def delete(
    *, user: User, provider: str, actor: User | None = None, source: str = Source.API
) -> None:
    """Delete the user's credentials for this provider, if any. Raises: UnknownProvider."""
    typed_in(provider)
    deleted, _ = Credential.objects.filter(user_id=user.pk, provider=provider).delete()
    if deleted:
        _record(user, provider, Action.DELETED, [], actor, source)
        clients[provider].changed(user)


def verify(*, user: User | None, provider: str) -> str:
    """Ask the provider whether it takes the user's credentials; without a user, the operator's.

    A sentence for a person when it does, else a Problem.
    """
    spec = typed_in(provider)
    found = credentials_for(user=user, provider=provider) if user else store.operators(spec)
    if found is None:
        raise CredentialsMissing(spec.name)
    return clients[provider].verify(found)


def typed_in(provider: str) -> Provider:
    spec = PROVIDERS.get(provider)
    if spec is None:
        raise UnknownProvider(f"There is no such provider. Choose one of {', '.join(BY_FIELDS)}.")
    if not spec.fields:
        raise UnknownProvider(f"{spec.name} is connected by signing in, it has no keys to store.")
    return spec


def record_sharing(*, user: User, provider: str, fields: Sequence[str]) -> None:
    """Record that these secret fields are about to be handed to another provider over REST."""
    _record(user, provider, Action.SHARED, sorted(fields), user, Source.API)


def _record(
    user: User, provider: str, action: str, fields: list[str], actor: User | None, source: str
) -> None:
    CredentialChange.objects.create(
        owner_id=user.pk,
        actor_id=(actor or user).pk,
        provider=provider,
        action=action,
        fields=fields,
        source=source,
        correlation_id=correlation.current(),
    )
    log.info("credentials", provider=provider, action=str(action), changed=fields, user=user.pk)
