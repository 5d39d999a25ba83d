"""What AVA last read from Vapi, and how it is read anew. Copies live in this process.

A user's copies are filed under the version of their credentials: another key never sees them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from ava.readcache import FOLLOWERS, Copy, Key, Mark, ReadCache
from ava.upstream import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
)
from integrations.credentials.services import credentials_for
from vapi_settings import leases, ledger
from vapi_settings.client import Assistant, PhoneNumber, Summary, VapiClient
from vapi_settings.errors import VAPI, AssistantNotFound
from vapi_settings.models import AssistantLease

V = TypeVar("V")

OUTAGES: Final = (
    ProviderUnreachable,
    ProviderUnavailable,
    ProviderBusy,
    ProviderRateLimited,
)
"""What the last good copy may cover. A refused key is no outage."""

_places = BoundedSemaphore(FOLLOWERS)


def _cache(name: str) -> ReadCache[V]:
    return ReadCache(
        name,
        fresh_for=lambda: float(settings.VAPI_CACHE_SECONDS),
        busy=lambda: ProviderBusy(VAPI),
        places=_places,
    )


_assistants: ReadCache[Assistant] = _cache("vapi_assistant")
_lists: ReadCache[tuple[Summary, ...]] = _cache("vapi_assistants")
_numbers: ReadCache[tuple[PhoneNumber, ...]] = _cache("vapi_phone_numbers")


@dataclass(frozen=True)
class Account:
    """A user's Vapi: whose copies are meant, and the client to read more."""

    user: User
    version: str
    default_assistant_id: str | None
    client: VapiClient

    @property
    def key(self) -> Key:
        """How the keys of its copies begin."""
        return (self.user.pk, self.version)


def account(user: User) -> Account:
    """The user's Vapi. Raises: CredentialsMissing, CredentialsUnreadable."""
    found = credentials_for(user=user, provider=VAPI.label)
    return Account(
        user=user,
        version=found.version,
        default_assistant_id=found.fields.get("default_assistant_id") or None,
        client=VapiClient(found.fields["api_key"]),
    )


def assistants(of: Account, *, reload: bool = False) -> Copy[tuple[Summary, ...]]:
    """The account's assistants. Raises: ProviderProblem."""
    return _read(_lists, of, of.key, lambda: tuple(of.client.assistants()), reload)


def phone_numbers(of: Account, *, reload: bool = False) -> Copy[tuple[PhoneNumber, ...]]:
    """The account's phone numbers. Raises: ProviderProblem."""
    return _read(_numbers, of, of.key, lambda: tuple(of.client.phone_numbers()), reload)


def assistant(
    of: Account,
    assistant_id: str,
    *,
    reload: bool = False,
    holding: bool = False,
    unasked: bool = False,
) -> Copy[Assistant]:
    """One assistant with its settings. Each read from Vapi is held against the ledger.

    Args:
        holding: whether the caller holds the assistant's lease.
        unasked: whether Vapi just failed, so that a copy, if there is one, must do.

    Raises: AssistantNotFound, ProviderProblem.
    """
    key = (*of.key, assistant_id)
    if unasked and (copy := _assistants.last_good(key)):
        return copy
    known = ledger.known(of.user.pk, assistant_id)
    lease = AssistantLease.objects.filter(pk=assistant_id).first()
    busy = lease is not None and leases.is_live(lease, timezone.now())
    return _read(
        _assistants,
        of,
        key,
        lambda: look(of, assistant_id, holding=holding),
        reload,
        edition=lease.edition if lease else 0,
        # Whoever was changing it has died: only Vapi knows what became of it.
        doubted=known.is_unsettled and not busy,
    )


def look(of: Account, assistant_id: str, *, holding: bool = False) -> Assistant:
    """One assistant from Vapi itself, held against the ledger.

    Args:
        holding: whether the caller holds its lease.

    Raises: AssistantNotFound, ProviderProblem.
    """
    # In this order: an open revision seen now, and a lease that is free after that, mean that
    # nobody is at work on it any more.
    known = ledger.known(of.user.pk, assistant_id)
    alone = (
        holding
        or not AssistantLease.objects.filter(
            pk=assistant_id, lease_until__gt=timezone.now()
        ).exists()
    )
    try:
        found = of.client.assistant(assistant_id)
    except AssistantNotFound:
        _assistants.drop((*of.key, assistant_id))
        _lists.drop(of.key)
        raise
    ledger.note(known, found, now=timezone.now(), alone=alone)
    return found


def mark() -> Mark:
    """Note that a read begins now, for `keep`."""
    return _assistants.mark()


def keep(of: Account, found: Assistant, *, since: Mark, edition: int) -> None:
    """Keep an assistant that was just changed; the list, which names its time, is old now."""
    _lists.drop(of.key)
    _assistants.store((*of.key, found.id), found, mark=since, edition=edition)


def _read(
    cache: ReadCache[V],
    of: Account,
    key: Key,
    load: Callable[[], V],
    reload: bool,
    *,
    edition: int = 0,
    doubted: bool = False,
) -> Copy[V]:
    try:
        if reload:
            return cache.reload(key, load, edition=edition)
        return cache.read(key, load, edition=edition, doubted=doubted, tolerate=OUTAGES)
    except ProviderAuthFailed:
        drop(of)
        raise


def drop(of: Account) -> None:
    """Forget everything read with these credentials."""
    for cache in (_assistants, _lists, _numbers):
        cache.drop(of.key)


def forget() -> None:
    """Forget everything."""
    for cache in (_assistants, _lists, _numbers):
        cache.forget()
