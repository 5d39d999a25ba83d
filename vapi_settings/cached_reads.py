"""Cached reads of Vapi: filed by account generation, the last good copy served in an outage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth.models import User

from ava.cache import FOLLOWERS, Copy, Loaded, ReadCache, Scope
from ava.redis.recent import RecentValues
from ava.upstream import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
    door,
)
from vapi_settings import account as accounts
from vapi_settings.account import Account
from vapi_settings.errors import VAPI
from vapi_settings.records import Assistant, Part, PhoneNumber, Summary

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
CERTAIN_SCOPES: Final[RecentValues[int, Scope | None]] = RecentValues()


@dataclass(frozen=True)
class Seen:
    """An assistant, and when its settings got the values they have, as far as AVA knows."""

    assistant: Assistant
    changed_at: Mapping[str, datetime]


def _times(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: datetime.fromisoformat(found[name]) for name in names if found[name]}


def _summary(found: dict[str, Any]) -> Summary:
    parts = {name: Part(**found[name]) for name in ("model", "voice", "transcriber") if found[name]}
    return Summary(**{**found, **parts, **_times(found, "created_at", "updated_at")})


def _seen(found: dict[str, Any]) -> Seen:
    assistant, changed_at = found["assistant"], found["changed_at"]
    return Seen(
        Assistant(_summary(assistant["summary"]), assistant["document"]),
        _times(changed_at, *changed_at),
    )


def _list(found: list[Any]) -> tuple[Summary, ...]:
    return tuple(_summary(one) for one in found)


def _numbers(found: list[Any]) -> tuple[PhoneNumber, ...]:
    return tuple(PhoneNumber(**{**one, **_times(one, "created_at", "updated_at")}) for one in found)


def _cache(name: str, decode: Callable[[Any], V]) -> ReadCache[V]:
    return ReadCache(
        name,
        decode=decode,
        fresh_for=lambda: float(settings.VAPI_CACHE_SECONDS),
        busy=lambda: ProviderBusy(VAPI),
        places=_places,
    )


ASSISTANTS = _cache("vapi_assistant", _seen)
LISTS = _cache("vapi_assistants", _list)
NUMBERS = _cache("vapi_phone_numbers", _numbers)


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
        return Loaded(loaded.value, account.raised().scope)

    try:
        if reload:
            return cache.reload(account.scope, name, load_again)
        copy = cache.read(account.scope, name, load, tolerate=OUTAGES)
    except ProviderAuthFailed:
        accounts.renew_epoch(account.user)
        raise
    except OUTAGES:
        CERTAIN_SCOPES.drop(account.user.pk)
        raise
    if copy.stale:
        CERTAIN_SCOPES.drop(account.user.pk)
    # While Vapi is known to fail no copy is certain, however young.
    return replace(copy, stale=copy.stale or _is_failing())


def certain_scope(user: User) -> Scope | None:
    """Whose copies are certain, as of a second ago at most; None while Vapi is known to fail.

    Raises: as `account_of`.
    """

    def read() -> Scope | None:
        return None if _is_failing() else accounts.recent_account_of(user).scope

    return CERTAIN_SCOPES.get(user.pk) or CERTAIN_SCOPES.read(user.pk, read)


def _is_failing() -> bool:
    return door(VAPI.label).snapshot().state == "open"


def forget() -> None:
    """Forget everything in this process (tests)."""
    accounts.forget()
    for cache in (ASSISTANTS, LISTS, NUMBERS):
        cache.clear()
