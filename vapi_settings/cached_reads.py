"""Cached reads of Vapi: filed by account generation, the last good copy served in an outage."""

from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any, Final, TypeVar

from django.conf import settings

from ava.cache import FOLLOWERS, Copy, Envelope, Loaded, ReadCache, Scope
from ava.upstream import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
    door,
)
from vapi_settings import account as accounts
from vapi_settings import dumps, generations
from vapi_settings.account import Account
from vapi_settings.client import PhoneNumber
from vapi_settings.errors import VAPI

V = TypeVar("V")

OUTAGES: Final = (
    ProviderUnreachable,
    ProviderUnavailable,
    ProviderBusy,
    ProviderRateLimited,
)
"""What the last good copy may cover. A refused key is no outage."""

ALL: Final = "all"
"""The name of a list's only copy."""

_places = BoundedSemaphore(FOLLOWERS)


def _cache(name: str, dump: Callable[[V], Any], load: Callable[[Any], V]) -> ReadCache[V]:
    return ReadCache(
        name,
        envelope=Envelope(name, dump, load),
        fresh_for=lambda: float(settings.VAPI_CACHE_SECONDS),
        busy=lambda: ProviderBusy(VAPI),
        places=_places,
    )


ASSISTANTS = _cache("vapi_assistant", dumps.dump_seen, dumps.load_seen)
LISTS = _cache("vapi_assistants", dumps.dump_list, dumps.load_list)
NUMBERS = _cache("vapi_phone_numbers", dumps.dump_numbers, dumps.load_numbers)


def phone_numbers(account: Account, *, reload: bool = False) -> Copy[tuple[PhoneNumber, ...]]:
    """The account's phone numbers. Raises: ProviderProblem."""

    def load() -> Loaded[tuple[PhoneNumber, ...]]:
        return Loaded(tuple(account.client.phone_numbers()), account.scope)

    return answer(NUMBERS, account, ALL, load, reload=reload)


def answer(
    cache: ReadCache[V],
    account: Account,
    name: str,
    load: Callable[[], Loaded[V]],
    *,
    reload: bool,
) -> Copy[V]:
    """A copy, or what `load` brings. Raises: ProviderProblem."""

    def load_again() -> Loaded[V]:
        known = cache.fresh(account.scope, name)
        loaded = load()
        if known is None or loaded.scope != account.scope or known.value == loaded.value:
            return loaded
        # Something changed that no history tells of: other copies are as old as this one.
        return Loaded(loaded.value, raised(account))

    try:
        if reload:
            return cache.reload(account.scope, name, load_again)
        return doubted_in_an_outage(cache.read(account.scope, name, load, tolerate=OUTAGES))
    except ProviderAuthFailed:
        generations.renew_epoch(account.user)
        raise


def raised(account: Account) -> Scope:
    """The scope of what was read just now, other copies left behind."""
    return account.scope_at(generations.raise_generation(account.user.pk, since=account.generation))


def doubted_in_an_outage(copy: Copy[V]) -> Copy[V]:
    """While Vapi is known to fail no copy is certain, however young."""
    return replace(copy, stale=copy.stale or door(VAPI.label).snapshot().state == "open")


def forget() -> None:
    """Forget everything in this process (tests)."""
    accounts.forget()
    for cache in (ASSISTANTS, LISTS, NUMBERS):
        cache.clear()
