"""Credentials as values: between a row or the environment, and the code that uses them.

The sealed JSON holds all fields and the provider, not the secrets alone: the columns beside it are
for looking at. Whoever can write to the database, but has no key, could otherwise have a sealed
password sent to a host of theirs.
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

from ava.sealing.errors import Unsealable
from ava.sealing.fields import seal
from integrations.credentials.errors import CredentialsUnreadable
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS, Provider
from integrations.flags import services as flags

log = structlog.get_logger("integrations.credentials")

Source = Literal["user", "unreadable", "environment", "none"]

_PROVIDER = "provider"
"""Its member in the sealed JSON; no field is called so."""


@dataclass(frozen=True)
class Credentials:
    """What a provider client needs to speak for a user.

    Args:
        provider: slug.
        source: whose they are: the user's own, or the operator's.
        fields: name -> text of every field that is set; ports are text, too.
        version: another text whenever any field changes; holds nothing of them.
    """

    provider: str
    source: Literal["user", "environment"]
    fields: Mapping[str, str] = field(repr=False, hash=False)
    version: str


def find(*, user: User, provider: str) -> Credential | None:
    """The user's row for this provider."""
    return Credential.objects.filter(user_id=user.pk, provider=provider).first()


def fill(row: Credential, provider: Provider, fields: Mapping[str, Any]) -> None:
    """Put these fields into a row that is to be saved."""
    row.clear = _clear(fields, provider)
    row.secrets = _sealable(provider.slug, fields)


def open_fields(row: Credential, provider: Provider) -> dict[str, Any]:
    """Every stored field of a row, secrets included.

    Raises:
        CredentialsUnreadable: the secrets do not open, or what stands beside them was changed.
    """
    try:
        fields: dict[str, Any] = json.loads(row.secrets.open())
    except Unsealable as fault:
        raise CredentialsUnreadable(provider.name) from fault
    if _PROVIDER not in fields:
        # Sealed by a release that sealed the secrets alone.
        return {**row.clear, **fields}
    if fields.pop(_PROVIDER) != row.provider or _clear(fields, provider) != row.clear:
        log.error("credentials changed outside of AVA", credential=str(row.pk), user=row.user_id)
        raise CredentialsUnreadable(provider.name)
    return fields


def bind_all(*, batch: int, dry_run: bool) -> int:
    """Seal provider and clear fields in with the secrets, where an earlier release did not.

    It takes them as they stand. Rows that do not open stay as they are, and so does one that is
    saved meanwhile: that binds it.

    Args:
        batch: rows read at once.

    Returns:
        how many rows were bound; in a dry run, would be.
    """
    bound = 0
    for row in Credential.objects.order_by("pk").iterator(chunk_size=batch):
        before = row.secrets
        try:
            fields = json.loads(before.open())
        except (Unsealable, ValueError):
            continue
        if _PROVIDER in fields:
            continue
        place = Credential._meta.get_field("secrets").binding(row)
        after = seal(_sealable(row.provider, {**row.clear, **fields}), place)
        same = Credential.objects.filter(pk=row.pk, secrets=before)
        bound += same.count() if dry_run else same.update(secrets=after)
    return bound


def _clear(fields: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in provider.secret_names}


def _sealable(slug: str, fields: Mapping[str, Any]) -> str:
    return json.dumps({**fields, _PROVIDER: slug})


def operators(provider: Provider) -> Credentials | None:
    """The operator's credentials; None unless all of them are set."""
    found = {
        name: settings.OPERATOR_CREDENTIALS.get(variable)
        for name, variable in provider.environment.items()
    }
    fields = {name: value for name, value in found.items() if value}
    if not fields or len(fields) < len(found):
        return None
    digest = salted_hmac("integrations.credentials.version", json.dumps(fields)).hexdigest()
    return Credentials(provider.slug, "environment", MappingProxyType(fields), digest[:32])


def sources(*, user: User) -> dict[str, Source]:
    """Source of the credentials that serve the user, by provider, in one query for all of them."""
    found: dict[str, Source] = {}
    for row in Credential.objects.filter(user_id=user.pk):
        try:
            open_fields(row, PROVIDERS[row.provider])
            found[row.provider] = "user"
        except CredentialsUnreadable:
            found[row.provider] = "unreadable"
    for slug, provider in PROVIDERS.items():
        if slug not in found:
            served = from_environment(user=user, provider=provider)
            found[slug] = "environment" if served else "none"
    return found


def from_environment(*, user: User, provider: Provider) -> Credentials | None:
    """The operator's credentials, where this user may use them."""
    if not flags.is_on("ALLOW_ENV_CREDENTIALS", user=user):
        return None
    return operators(provider)
