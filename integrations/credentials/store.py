"""Credentials as values: between a row or the environment, and the code that uses them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac

from ava.sealing.errors import Unsealable
from integrations.credentials.errors import CredentialsUnreadable
from integrations.credentials.models import Credential
from integrations.credentials.providers import Provider
from integrations.flags import services as flags


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


def open_fields(row: Credential, provider: Provider) -> dict[str, str]:
    """Every stored field of a row, secrets included.

    Raises:
        CredentialsUnreadable: the secrets do not open.
    """
    try:
        secrets: dict[str, str] = json.loads(row.secrets.open())
    except Unsealable as fault:
        raise CredentialsUnreadable(provider.name) from fault
    return {**row.clear, **secrets}


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


def from_environment(*, user: User, provider: Provider) -> Credentials | None:
    """The operator's credentials, where this user may use them."""
    if not flags.is_on("ALLOW_ENV_CREDENTIALS", user=user):
        return None
    return operators(provider)
