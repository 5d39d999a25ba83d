"""Edit one setting of an assistant: lease, read, diff, patch, read back, record. docs/adr/0004."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from ava.cache import now as copy_time
from ava.http import correlation
from ava.http.problems import Problem
from ava.upstream import ProviderAuthFailed, ProviderProblem, ProviderUnreachable, door
from vapi_settings import catalogue, diff, errors, etags, leases, ledger, queries
from vapi_settings.account import Account, renew_epoch
from vapi_settings.assistant_read import AssistantRead, LedgerState
from vapi_settings.cached_reads import ASSISTANTS, Seen
from vapi_settings.catalogue import Definition
from vapi_settings.client import Assistant
from vapi_settings.diff import ABSENT
from vapi_settings.errors import VAPI
from vapi_settings.leases import Lease
from vapi_settings.ledger import LastSeen, News
from vapi_settings.models import Revision

log = structlog.get_logger("vapi_settings")

TRIES = 5

Clock = Callable[[], datetime]
Status = Revision.Status


@dataclass
class AssistantEdit:
    """One change of one setting.

    Args:
        target_value: what is wanted of the assistant as it is now.
        source: one of Revision.Source.
        if_match: ETags of the value as the caller knows it; None asks for nothing.
        requested: what the caller asked for, as a refusal repeats it.
        now: the time of day.
    """

    account: Account
    wanted: Definition
    target_value: Callable[[Assistant], Any]
    source: str
    if_match: str | None
    requested: Any
    now: Clock

    def run(self, assistant_id: str | None) -> queries.View:
        """Change the assistant that is meant. The setting as it was read back."""
        self.read = AssistantRead(self.account)
        self.id = self.read.chosen_id(assistant_id)
        try:
            if ASSISTANTS.newest(self.account.scope, self.id) is None:
                # A lease on an assistant that this key does not open would hold up its own editors.
                self.read.one(self.id)
            with leases.hold(self.id, now=self.now) as lease:
                self.seen = self._last_seen()
                return self._edit(lease)
        except errors.AssistantNotFound:
            raise self.read.not_found(assistant_id) from None
        except ProviderAuthFailed:
            renew_epoch(self.account.user)
            raise

    def _last_seen(self) -> LastSeen:
        return ledger.last_seen(self.account.user.pk, self.id)

    def _edit(self, lease: Lease) -> queries.View:
        before = self._read()
        self._check_precondition(before)
        value = self.target_value(before)
        if diff.same(self._held(before), value):
            return self._view(before)
        body = self._body(before, value)
        revision = self._propose(before, value)
        answered, lost = self._send(lease, body, revision)
        after = self._read_back(lease, answered, revision)
        self._log_side_effects(before, after)
        if revision.status in Revision.UNSETTLED:
            # This process was slow: a reader has settled it.
            revision.refresh_from_db(fields=["status"])
        if revision.status == Status.CONFIRMED:
            return self._view(after)
        raise lost or errors.WriteNotKept

    def _read(self) -> Assistant:
        """The assistant from Vapi, past every copy."""
        door(VAPI.label).require_room()
        began = copy_time()
        found = self.read.fetch(self.id)
        loaded = self.read.record(LedgerState(self.seen), found)
        if loaded.scope is not None:
            ASSISTANTS.keep(loaded.scope, self.id, loaded.value, began)
        return found

    def _check_precondition(self, before: Assistant) -> None:
        current = queries.tag(before, self.wanted)
        exists = not self.wanted.custom or self._held(before) is not ABSENT
        if not etags.allows_change(self.if_match, current, exists=exists):
            shown = catalogue.show(before.document, self.wanted)
            raise errors.SettingChanged(
                f"Somebody changed {self.wanted.key} in between. Read it again, then decide.",
                headers={"ETag": current},
                extra={
                    "current": {"value": shown.value, "etag": current},
                    "requested": self.requested,
                },
            )

    def _body(self, before: Assistant, value: Any) -> dict[str, Any]:
        """What to send. Raises: ValueNotRemovable, ValidationFailed."""
        wanted = self.wanted
        if value is ABSENT and len(wanted.path) == 1:
            raise errors.ValueNotRemovable(wanted.key)
        try:
            return diff.patch(
                before.document, wanted.path, value, makes_parents=wanted.makes_parents
            )
        except diff.ParentMissing as missing:
            raise errors.invalid(
                f"{wanted.key} cannot be set: this assistant has no usable {missing.field}. "
                "Choose one in Vapi's dashboard first."
            ) from None

    def _propose(self, before: Assistant, value: Any) -> Revision:
        """Write down what will be done, before it is done, and leave all copies behind."""
        was, becomes = ledger.text(self._held(before)), ledger.text(value)
        for _ in range(TRIES):
            history = self.seen.history(self.wanted.key)
            revision = self._revision(was, becomes, self.source, Status.PENDING)
            steps = [revision]
            if history.last is None:
                found = self._revision(None, was, Revision.Source.FOUND, Status.CONFIRMED)
                steps.insert(0, found)
            try:
                with transaction.atomic():
                    for step in steps:
                        step.number = history.next_number
                        step.save(force_insert=True)
                        history.append(step)
                    self._leave_copies_behind()
            except IntegrityError:
                # A read recorded something at the same moment.
                self.seen = self._last_seen()
            else:
                return revision
        raise errors.EditInProgress(retry_after=leases.RETRY_AFTER)

    def _revision(
        self, before: str | None, after: str | None, source: str, status: Status
    ) -> Revision:
        return Revision(
            owner_id=self.account.user.pk,
            assistant_id=self.id,
            key=self.wanted.key,
            before=before,
            after=after,
            by_id=None if source == Revision.Source.FOUND else self.account.user.pk,
            at=self.now(),
            source=source,
            status=status,
            correlation_id=correlation.current(),
        )

    def _send(
        self, lease: Lease, body: dict[str, Any], revision: Revision
    ) -> tuple[Assistant | None, ProviderUnreachable | None]:
        """Vapi's answer, or the failure that leaves open whether Vapi did it."""
        try:
            if not lease.renew(self.now()):
                # This process was slow: another editor may hold the lease by now.
                raise errors.EditInProgress(retry_after=leases.RETRY_AFTER)
            return self.account.client.change_assistant(self.id, body), None
        except ProviderUnreachable as failure:
            if not failure.unsent:
                return None, failure
            self._settle_as(lease, revision, Status.FAILED)
            raise
        except errors.ChangeRefused as refused:
            self._settle_as(lease, revision, Status.FAILED)
            raise errors.unacceptable(
                self.wanted.key, self.wanted.path, refused.complaints
            ) from None
        except (ProviderProblem, errors.AssistantNotFound, errors.EditInProgress):
            self._settle_as(lease, revision, Status.FAILED)
            raise

    def _read_back(self, lease: Lease, answered: Assistant | None, revision: Revision) -> Assistant:
        """The assistant after the change. Raises: WriteUnconfirmed."""
        lease.renew(self.now())
        began = copy_time()
        try:
            after = self.read.fetch(self.id)
        except Problem as failure:
            # Vapi's answer to the change itself will do, if there was one.
            if answered is None or ledger.text(self._held(answered)) != revision.after:
                self._settle_as(lease, revision, Status.UNKNOWN)
                log.warning("change unconfirmed", revision=revision.pk, cause=failure.code)
                raise errors.WriteUnconfirmed from None
            after = answered
        news = ledger.compare(self.seen, after, now=self.now(), is_locked=False)
        self._settle(lease, news)
        if not self.seen.is_unsettled:
            seen = Seen(after, dict(self.seen.changed_at))
            ASSISTANTS.keep(self.read.account.scope, self.id, seen, began)
        return after

    def _settle_as(self, lease: Lease, revision: Revision, status: Status) -> None:
        history = self.seen.history(self.wanted.key)
        self._settle(lease, [News(history, [(revision, status)])])

    def _settle(self, lease: Lease, news: list[News]) -> None:
        """Record how it ended, and let the next editor in. Copies read meanwhile are left behind:
        even a refusal may come after the work."""
        with transaction.atomic():
            ledger.record(news)
            self._leave_copies_behind()
            lease.release()

    def _leave_copies_behind(self) -> None:
        self.read.account = self.read.account.raised(of_assistant=self.id)

    def _log_side_effects(self, before: Assistant, after: Assistant) -> None:
        beside = diff.differences(before.document, after.document, beside=self.wanted.path)
        if beside:
            # Vapi's dashboard was used in the same second, or Vapi did not keep what it had.
            log.warning("assistant changed beside the edit", assistant_id=after.id, fields=beside)

    def _held(self, found: Assistant) -> Any:
        return catalogue.held(found.document, self.wanted)

    def _view(self, found: Assistant) -> queries.View:
        return queries.views(Seen(found, self.seen.changed_at), [self.wanted])[0]
