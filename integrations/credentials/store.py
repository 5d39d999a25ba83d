"""Credentials as values, read from rows and from the environment.

The sealed JSON holds all fields and the provider: else an attacker who can write to the database,
but has no key, could have a sealed password sent to a host of theirs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac

from ava.sealing.fields import seal
from ava.sealing.keys import Unsealable
from integrations import runtime_config
from integrations.credentials.errors import CredentialsUnreadable
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS, Provider

log = structlog.get_logger("integrations.credentials")

Source = Literal["user", "unreadable", "environment", "none"]

_PROVIDER = "provider"
"""Its member in the sealed JSON; no field is called so."""


@dataclass(frozen=True)
class Credentials:
    provider: str
    source: Literal["user", "environment"]
    fields: Mapping[str, str] = field(repr=False, hash=False)
    version: str  # changes whenever a field does; reveals nothing of them


def find(*, user: User, provider: str) -> Credential | None:
    return Credential.objects.filter(user_id=user.pk, provider=provider).first()


def fill(row: Credential, fields: Mapping[str, Any]) -> None:
    row.clear = _clear(row, fields)
    row.secrets = _sealable(row, fields)


def open_fields(row: Credential) -> dict[str, Any]:
    """Every stored field of a row, secrets included. Raises: CredentialsUnreadable."""
    name = PROVIDERS[row.provider].name
    try:
        fields: dict[str, Any] = json.loads(row.secrets.open())
    except Unsealable as fault:
        raise CredentialsUnreadable(name) from fault
    if _PROVIDER not in fields:
        # Sealed by a release that sealed the secrets alone.
        return {**row.clear, **fields}
    if fields.pop(_PROVIDER) != row.provider or _clear(row, fields) != row.clear:
        log.error("credentials changed outside of AVA", credential=str(row.pk), user=row.user_id)
        raise CredentialsUnreadable(name)
    return fields


def readable(row: Credential) -> dict[str, Any] | None:
    try:
        return open_fields(row)
    except CredentialsUnreadable:
        return None


def bind_all(*, dry_run: bool) -> int:
    """Seal provider and clear fields together with the secrets, where an earlier release did not.

    They are taken as they stand. A row that does not open, or is saved meanwhile, is left alone.
    """
    bound = 0
    keys = list(Credential.objects.order_by("pk").values_list("pk", flat=True))
    # None is read any more while one is written: SQLite lets no reader become a writer once another
    # process has written.
    for key in keys:
        row = Credential.objects.filter(pk=key).first()
        if row is None:
            continue
        before = row.secrets
        try:
            fields = json.loads(before.open())
        except (Unsealable, ValueError):
            continue
        if _PROVIDER in fields:
            continue
        place = Credential._meta.get_field("secrets").binding(row)
        after = seal(_sealable(row, {**row.clear, **fields}), place)
        same = Credential.objects.filter(pk=row.pk, secrets=before)
        bound += same.count() if dry_run else same.update(secrets=after)
    return bound


def _clear(row: Credential, fields: Mapping[str, Any]) -> dict[str, Any]:
    secret = PROVIDERS[row.provider].secret_names
    return {name: value for name, value in fields.items() if name not in secret}


def _sealable(row: Credential, fields: Mapping[str, Any]) -> str:
    return json.dumps({**fields, _PROVIDER: row.provider})


def operators(provider: Provider) -> Credentials | None:
    """The operator's credentials; None unless all of them are set."""
    found = {
        name: settings.OPERATOR_CREDENTIALS.get(variable)
        for name, variable in provider.environment.items()
    }
    fields = {name: value for name, value in found.items() if value is not None}
    if not fields or len(fields) < len(found):
        return None
    digest = salted_hmac("integrations.credentials.version", json.dumps(fields)).hexdigest()
    return Credentials(provider.slug, "environment", MappingProxyType(fields), digest[:32])


def sources(*, user: User) -> dict[str, Source]:
    """Source of the credentials that serve the user, by provider, in one query for all of them."""
    found: dict[str, Source] = {
        row.provider: "unreadable" if readable(row) is None else "user"
        # Unordered: compiling the model's ordering would cost more than the query.
        for row in Credential.objects.filter(user_id=user.pk).order_by()
    }
    for slug, provider in PROVIDERS.items():
        if slug not in found:
            served = from_environment(user=user, provider=provider)
            found[slug] = "environment" if served else "none"
    return found


def from_environment(*, user: User, provider: Provider) -> Credentials | None:
    if not runtime_config.is_on("ALLOW_ENV_CREDENTIALS", user=user):
        return None
    return operators(provider)
