"""Read an assistant: from a copy, or from Vapi and compared with the ledger."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from ava.cache import Copy, Loaded, now
from ava.upstream import ProviderUnreachable, door
from vapi_settings import ledger
from vapi_settings.account import Account, renew_epoch
from vapi_settings.cached_reads import ALL, ASSISTANTS, LISTS, Seen, answer
from vapi_settings.errors import VAPI, AssistantAmbiguous, AssistantNotFound
from vapi_settings.ledger import LastSeen
from vapi_settings.records import ID, Assistant, Summary

DEFAULT_GONE: Final = (
    "Your default assistant no longer exists at Vapi. Choose another one in Settings."
)
NONE_YET: Final = "There is no assistant at Vapi yet. Create one in Vapi's dashboard first."


class AssistantRead:
    """One read of a user's assistants; with `reload` from Vapi, whatever copy there is.

    Each method raises ProviderProblem besides.
    """

    def __init__(self, account: Account, *, reload: bool = False) -> None:
        self.account = account
        self.reload = reload

    def chosen(self, assistant_id: str | None) -> Copy[Seen]:
        """The assistant that is meant: that one, else the default, else the only one.

        Raises: AssistantNotFound, AssistantAmbiguous.
        """
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
        """What to say where the assistant that is meant is not there."""
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
        if news := ledger.compare(seen, found, now=timezone.now()):
            with transaction.atomic():
                ledger.record(news)
                if not first_sight:
                    self.account = self.account.raised()
        # An edit under way will leave copies behind once more, and may die before it does.
        uncertain = seen.is_locked or seen.is_unsettled
        if first_sight and not uncertain:
            # Until now no edit knew that this account's copies are among those to leave behind.
            uncertain = self._last_seen(found.id).edits != seen.edits
        value = Seen(found, dict(seen.changed_at))
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
        candidate = ledger.latest_assistant(self.account.user.pk)
        before = self._last_seen(candidate) if candidate else None
        began = now()
        listing = self.account.client.assistants()
        only = listing.only
        if only and (before is None or before.assistant_id != only.id):
            # Not the one that was expected. Where nothing is known now, nothing was before.
            before = self._last_seen(only.id)
            if not before.is_new or before.edits:
                only = None
        if only and before:
            self.keep(before, only, began)
        return Loaded(listing.summaries, self.account.scope)

    def _last_seen(self, assistant_id: str) -> LastSeen:
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
