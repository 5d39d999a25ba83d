"""Reads of Vapi: from a copy, or from Vapi and compared with the ledger.

Copies are filed by account generation; the last good one is served in an outage: docs/adr/0011.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ava.cache import MAX_WAITERS, Copy, Loaded, ReadCache, now
from ava.cache.recent import RecentValues
from ava.upstream import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
    door,
)
from vapi_settings import account as accounts
from vapi_settings import catalogue, ledger
from vapi_settings.account import WORKING, Account, renew_epoch, works
from vapi_settings.catalogue import Definition, Setting
from vapi_settings.errors import VAPI, AssistantAmbiguous, AssistantNotFound
from vapi_settings.ledger import LastSeen
from vapi_settings.records import ID, Assistant, Part, PhoneNumber, Summary

V = TypeVar("V")

OUTAGES: Final = (ProviderUnreachable, ProviderUnavailable, ProviderBusy, ProviderRateLimited)
"""Failures that the last good copy may cover. A refused key is no outage."""

ALL: Final = "all"
"""The name of a list's only copy."""

DEFAULT_GONE: Final = (
    "Your default assistant no longer exists at Vapi. Choose another one in Settings."
)
NONE_YET: Final = "There is no assistant at Vapi yet. Create one in Vapi's dashboard first."

_latest: Final[RecentValues[int, str | None]] = RecentValues()
_seen_of: Final[RecentValues[tuple[int, str], LastSeen]] = RecentValues()
_places = BoundedSemaphore(MAX_WAITERS)


@dataclass(frozen=True)
class Seen:
    """An assistant, and when its settings got the values they have, as far as AVA knows."""

    assistant: Assistant
    changed_at: Mapping[str, datetime]

    def show(self, wanted: Definition) -> Setting:
        """One of its settings."""
        at = self.changed_at.get(wanted.key, self.assistant.summary.updated_at)
        return catalogue.show(self.assistant.document, wanted, updated_at=at)


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


class AssistantRead:
    """One read of a user's assistants; with `reload` from Vapi, whatever copy there is. Each method
    also raises ProviderProblem."""

    def __init__(self, account: Account, *, reload: bool = False) -> None:
        self.account = account
        self.reload = reload

    def chosen(self, assistant_id: str | None) -> Copy[Seen]:
        """The assistant that is meant: that one, else the default, else the only one. Raises:
        AssistantNotFound, AssistantAmbiguous."""
        named = self._named(assistant_id)
        if named is None:
            return self._only()
        try:
            return self.one(named)
        except AssistantNotFound:
            raise self.not_found(assistant_id) from None

    def chosen_id(self, assistant_id: str | None) -> str:
        """The id of that assistant, which may be gone by now. Raises: as `chosen`."""
        named = self._named(assistant_id)
        return named or _only_id((LISTS.recent(self.account.scope, ALL) or self.listed()).value)

    def not_found(self, assistant_id: str | None) -> AssistantNotFound:
        """Problem to raise where the assistant that is meant is not there."""
        by_default = assistant_id is None and self.account.default_assistant_id
        return AssistantNotFound(DEFAULT_GONE) if by_default else AssistantNotFound()

    def listed(self) -> Copy[tuple[Summary, ...]]:
        """All assistants. Where there is one only, this mostly is a read of that, too."""
        return answer(LISTS, self.account, ALL, self._fetch_list, reload=self.reload)

    def one(self, assistant_id: str) -> Copy[Seen]:
        """One assistant. Raises: AssistantNotFound."""

        def load() -> Loaded[Seen]:
            door(VAPI.label).require_room()
            before = self._last_seen(assistant_id)
            return self.record(before, self.fetch(assistant_id))

        return answer(ASSISTANTS, self.account, assistant_id, load, reload=self.reload)

    def fetch(self, assistant_id: str) -> Assistant:
        """The assistant from Vapi itself. Raises: AssistantNotFound."""
        try:
            return self.account.client.assistant(assistant_id)
        except AssistantNotFound:
            if ASSISTANTS.newest(self.account.scope, assistant_id):
                # It was there, and is not shown any more, not even in an outage.
                renew_epoch(self.account.user)
            raise

    def record(self, seen: LastSeen, found: Assistant) -> Loaded[Seen]:
        """Write down what is new, and say under which scope the assistant may be kept."""
        first_sight = seen.is_new
        if findings := ledger.compare(seen, found, now=timezone.now()):
            with transaction.atomic():
                ledger.record(findings)
                if not first_sight:
                    self.account = self.account.with_new_generation()
        # An edit under way will leave copies behind once more, and may die before it does.
        uncertain = seen.is_locked or seen.is_unsettled
        if first_sight and not uncertain:
            # Until now no edit knew that this account's copies are among those to leave behind.
            uncertain = self._last_seen_now(found.id).edits != seen.edits
        value = Seen(found, seen.changed_at)
        return Loaded(value, None if uncertain else self.account.scope)

    def keep(self, seen: LastSeen, found: Assistant, began: datetime) -> None:
        """Record an assistant whose reading began then, and have it answer later reads."""
        loaded = self.record(seen, found)
        if loaded.scope is not None:
            ASSISTANTS.keep(loaded.scope, found.id, loaded.value, began)

    def _named(self, assistant_id: str | None) -> str | None:
        """The id that the caller or the user's settings name. Raises: AssistantNotFound."""
        named = self.account.default_assistant_id if assistant_id is None else assistant_id
        if named is None:
            return None
        if not ID.fullmatch(named):
            raise self.not_found(assistant_id)
        # Vapi's ids are UUIDs: however they are written, they name one lease and one history.
        return named.lower()

    def _only(self) -> Copy[Seen]:
        # Which assistants there are is nothing that an edit changes.
        known = None if self.reload else LISTS.recent(self.account.scope, ALL)
        copy = known or self.listed()
        assistant_id = _only_id(copy.value)
        if copy.stale:
            # Vapi failed just now: it is not asked again.
            return answer(ASSISTANTS, self.account, assistant_id, _unreachable, reload=False)
        if known is None:
            # The list was read just now, and brought the assistant along.
            return AssistantRead(self.account).one(assistant_id)
        try:
            return self.one(assistant_id)
        except AssistantNotFound:  # since the list was read
            return AssistantRead(self.account, reload=True)._only()

    def _fetch_list(self) -> Loaded[tuple[Summary, ...]]:
        door(VAPI.label).require_room()
        candidate = self._latest_assistant()
        before = self._last_seen(candidate) if candidate else None
        known, began = LISTS.recent(self.account.scope, ALL), now()
        summaries, only = self.account.client.assistants()
        if known and {one.id for one in known.value} != {one.id for one in summaries}:
            # Ready answers know by the list which assistant is meant.
            self.account = self.account.with_new_generation()
        if only and (before is None or before.assistant_id != only.id):
            # Not the one that was expected. Where nothing is known now, nothing was before.
            before = self._last_seen(only.id)
            if not before.is_new or before.edits:
                only = None
        if only and before:
            self.keep(before, only, began)
        return Loaded(summaries, self.account.scope)

    def _latest_assistant(self) -> str | None:
        owner = self.account.user.pk
        return _latest.get_or_read(owner, lambda: ledger.latest_assistant(owner))

    def _last_seen(self, assistant_id: str) -> LastSeen:
        """Last seen state as of a second ago at most: what was written since then has a number
        that the ledger gives to no finding once more."""
        key = self.account.user.pk, assistant_id
        found = _seen_of.get_or_read(key, lambda: self._last_seen_now(assistant_id))
        if found.is_new or not found.is_settled:
            _seen_of.drop(key)
        return found.copy()

    def _last_seen_now(self, assistant_id: str) -> LastSeen:
        return ledger.last_seen_now(self.account.user.pk, assistant_id, timezone.now())


def _unreachable() -> Loaded[Seen]:
    raise ProviderUnreachable(VAPI)


def _only_id(listed: tuple[Summary, ...]) -> str:
    """Raises: AssistantNotFound, AssistantAmbiguous."""
    if not listed:
        raise AssistantNotFound(NONE_YET)
    if len(listed) > 1:
        choices = [{"id": one.id, "name": one.name} for one in listed]
        raise AssistantAmbiguous(extra={"assistants": choices})
    return listed[0].id


def phone_numbers(account: Account, *, reload: bool = False) -> Copy[tuple[PhoneNumber, ...]]:
    """The account's phone numbers. Raises: ProviderProblem."""

    def load() -> Loaded[tuple[PhoneNumber, ...]]:
        return Loaded(tuple(account.client.phone_numbers()), account.scope)

    return answer(NUMBERS, account, ALL, load, reload=reload)


def answer(
    cache: ReadCache[V], account: Account, name: str, load: Callable[[], Loaded[V]], *, reload: bool
) -> Copy[V]:
    """A copy, or what `load` brings. Raises: ProviderProblem."""

    def load_again() -> Loaded[V]:
        known = cache.fresh(account.scope, name)
        loaded = load()
        if known is None or loaded.scope != account.scope or known.value == loaded.value:
            return loaded
        # Something changed that no history shows: other copies are as old as this one.
        return Loaded(loaded.value, account.with_new_generation().scope)

    try:
        if reload:
            return cache.reload(account.scope, name, load_again)
        copy = cache.read(account.scope, name, load, tolerate=OUTAGES)
    except ProviderAuthFailed:
        renew_epoch(account.user)
        raise
    except OUTAGES:
        WORKING.drop(account.user.pk)
        raise
    # While Vapi is known to fail no copy is certain, however young.
    is_certain = WORKING.read(account.user.pk, works)
    return replace(copy, stale=copy.stale or not is_certain)


def forget() -> None:
    """Forget everything in this process (tests)."""
    accounts.forget()
    for cache in (ASSISTANTS, LISTS, NUMBERS):
        cache.clear()
