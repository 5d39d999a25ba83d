"""What AVA last read from Vapi, and how it is read anew.

A user's copies are filed under the version of their credentials: another key never sees them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from ava.cache import FOLLOWERS, Copy, Envelope, FleetStore, Key, Mark, ReadCache
from ava.upstream import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
    door,
)
from integrations.credentials.services import credentials_for
from vapi_settings import dumps, leases, ledger
from vapi_settings.client import Assistant, Listing, PhoneNumber, VapiClient
from vapi_settings.errors import VAPI, AssistantNotFound
from vapi_settings.ledger import Known
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


def _cache(name: str, dump: Callable[[V], Any], load: Callable[[Any], V]) -> ReadCache[V]:
    return ReadCache(
        name,
        store=FleetStore(name, Envelope(name, dump, load)),
        fresh_for=lambda: float(settings.VAPI_CACHE_SECONDS),
        busy=lambda: ProviderBusy(VAPI),
        places=_places,
    )


_assistants = _cache("vapi_assistant", dumps.dump_assistant, dumps.load_assistant)
_lists = _cache("vapi_assistants", dumps.dump_listing, dumps.load_listing)
_numbers = _cache("vapi_phone_numbers", dumps.dump_numbers, dumps.load_numbers)


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


def assistants(of: Account, *, reload: bool = False) -> Copy[Listing]:
    """The account's assistants. Where there is one only, this mostly is a read of that, too.

    Raises: ProviderProblem.
    """
    return _read(_lists, of, of.key, lambda: _list(of), reload)


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
        return _doubted_in_an_outage(copy)
    before = _before(of, assistant_id)
    return _read(
        _assistants,
        of,
        key,
        lambda: look(of, assistant_id, holding=holding),
        reload,
        edition=before.edition,
        # Whoever was changing it has died: only Vapi knows what became of it.
        doubted=before.known.is_unsettled and before.alone,
    )


def look(of: Account, assistant_id: str, *, holding: bool = False) -> Assistant:
    """One assistant from Vapi itself, held against the ledger.

    Args:
        holding: whether the caller holds its lease.

    Raises: AssistantNotFound, ProviderProblem.
    """
    door(VAPI.label).require_room()
    before = _before(of, assistant_id)
    try:
        found = of.client.assistant(assistant_id)
    except AssistantNotFound:
        _assistants.drop((*of.key, assistant_id))
        _lists.drop(of.key)
        raise
    ledger.note(before.known, found, now=timezone.now(), alone=holding or before.alone)
    return found


def _list(of: Account) -> Listing:
    """The account's assistants from Vapi; the only one is noted and kept as any read of it."""
    door(VAPI.label).require_room()
    candidate = ledger.latest_assistant(of.user.pk)
    before = _before(of, candidate) if candidate else None
    since = mark(of)
    listing = of.client.assistants()
    only = listing.only
    if only is None:
        return listing
    if before is None or before.known.assistant_id != only.id:
        # Not the one that was expected. Where nothing is known now, nothing was before.
        before = _before(of, only.id)
        if not before.is_blank:
            return replace(listing, only=None)
    ledger.note(before.known, only, now=timezone.now(), alone=before.alone)
    _assistants.store((*of.key, only.id), only, mark=since, edition=before.edition)
    return listing


@dataclass(frozen=True)
class _Before:
    """What AVA knew of an assistant before it was read.

    Attributes:
        edition: of its lease; 0 where AVA never changed it.
        alone: whether nobody was changing it.
    """

    known: Known
    edition: int
    alone: bool

    @property
    def is_blank(self) -> bool:
        """Whether AVA has neither seen nor changed it."""
        return self.known.is_new and self.alone and not self.edition


def _before(of: Account, assistant_id: str) -> _Before:
    # In this order: an open revision seen now, and a lease that is free after that, mean that
    # nobody is at work on it any more.
    known = ledger.known(of.user.pk, assistant_id)
    lease = AssistantLease.objects.filter(pk=assistant_id).first()
    return _Before(
        known=known,
        edition=lease.edition if lease else 0,
        alone=lease is None or not leases.is_live(lease, timezone.now()),
    )


def mark(of: Account) -> Mark:
    """Note that a read begins now, for `keep`."""
    return _assistants.mark(of.key)


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
        return _doubted_in_an_outage(
            cache.read(key, load, edition=edition, doubted=doubted, tolerate=OUTAGES)
        )
    except ProviderAuthFailed:
        drop(of)
        raise


def _doubted_in_an_outage(copy: Copy[V]) -> Copy[V]:
    """Young or not, nobody can say whether a copy still holds while Vapi is known to fail."""
    return replace(copy, stale=copy.stale or door(VAPI.label).snapshot().state == "open")


def drop(of: Account) -> None:
    """Forget everything read with these credentials."""
    for cache in (_assistants, _lists, _numbers):
        cache.drop(of.key)


def forget() -> None:
    """Forget everything in this process."""
    for cache in (_assistants, _lists, _numbers):
        cache.forget()
