"""Edits of one setting of an assistant, and reverts: docs/adr/0004."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from ava.cache import now as copy_time
from ava.http import etags
from ava.http.problems import Problem
from ava.server import admission
from ava.upstream import ProviderAuthFailed, ProviderUnreachable
from integrations.credentials.store import Credentials
from vapi_settings import catalogue, diff, errors, ledger, queries
from vapi_settings.account import Account, account_of, renew_epoch
from vapi_settings.catalogue import Definition, Setting
from vapi_settings.client import VapiClient
from vapi_settings.diff import ABSENT
from vapi_settings.models import AssistantLease, Revision
from vapi_settings.reads import ASSISTANTS, AssistantRead, Seen
from vapi_settings.records import Assistant

log = structlog.get_logger("vapi_settings")

TRIES: Final = 5
WAIT: Final = 1.0
PAUSE: Final = 0.05
RETRY_AFTER: Final = 2.0

Clock = Callable[[], datetime]
Source = Revision.Source
Status = Revision.Status

# Waiting takes a thread of the server: only so many editors may, others are refused at once.
_places = threading.BoundedSemaphore(4)


def verify(credentials: Credentials) -> str:
    """Ask Vapi whether it takes the key. Raises: ProviderProblem."""
    VapiClient(credentials.fields["api_key"]).check()
    return "Vapi accepted the key."


def change_setting(
    *,
    user: User,
    key: str,
    value: Any,
    source: str,
    assistant_id: str | None = None,
    if_match: str | None = None,
    now: Clock = timezone.now,
) -> Setting:
    """Set one field of the assistant, and nothing else; it has been read back when this returns.

    Args:
        assistant_id: None means the default assistant, else the only one.
        if_match: ETags of the value as the caller knows it; None asks for nothing.

    Raises: ValidationFailed, SettingChanged, EditInProgress, WriteUnconfirmed, WriteNotKept,
        AssistantNotFound, AssistantAmbiguous, ProviderProblem, CredentialsMissing.
    """
    wanted = catalogue.definition(key)
    if wanted is None:
        raise errors.invalid(
            "A key is 1 to 64 characters: small letters, digits and _, beginning with a letter.",
            field="key",
        )
    value = _checked(wanted, value)
    return AssistantEdit(account_of(user), wanted, value, source, if_match, now).run(assistant_id)


def revert_setting(
    *,
    user: User,
    key: str,
    revision: int,
    assistant_id: str | None = None,
    if_match: str | None = None,
) -> Setting | None:
    """Put back what a setting held after one of its revisions, even where AVA would not take that
    from a user now. None: a custom setting that is gone with it.

    Raises: SettingNotFound, RevisionNotFound, and what `change_setting` raises.
    """
    wanted = queries.definition(key)
    account = account_of(user)
    row = queries.revision(account, wanted, revision, assistant_id)
    edit = AssistantEdit(
        account, wanted, ledger.value(row.after), Source.REVERT, if_match, timezone.now
    )
    setting = edit.run(assistant_id)
    return setting if setting.exists else None


def change_own_tools(
    *, user: User, wanted: Definition, value: Any, source: str, assistant_id: str | None = None
) -> None:
    """Give the assistant tools of AVA's, or with ABSENT take them away. Raises: as
    `change_setting`."""
    edit = AssistantEdit(account_of(user), wanted, value, source, None, timezone.now)
    edit.run(assistant_id)


def _checked(wanted: Definition, value: Any, document: diff.Document | None = None) -> Any:
    try:
        return catalogue.check(wanted, value, document)
    except catalogue.ValueRefused as refused:
        raise errors.invalid(str(refused)) from None


@contextmanager
def hold_lease(
    assistant_id: str, *, now: Clock = timezone.now, sleep: Callable[[float], None] = time.sleep
) -> Iterator[AssistantLease]:
    """Lease on the assistant, held for the block. Raises: EditInProgress."""
    lease = AssistantLease.acquire(assistant_id, now())
    if lease is None and _places.acquire(blocking=False):
        admission.release_place()
        try:
            for _ in range(round(WAIT / PAUSE)):
                sleep(PAUSE)
                if lease := AssistantLease.acquire(assistant_id, now()):
                    break
        finally:
            _places.release()
    if lease is None:
        raise errors.EditInProgress(retry_after=RETRY_AFTER)
    try:
        yield lease
    finally:
        lease.release()


@dataclass
class AssistantEdit:
    """One change of one setting: lease, read, diff, patch, read back, record."""

    account: Account
    wanted: Definition
    value: Any
    source: str
    if_match: str | None
    now: Clock

    def run(self, assistant_id: str | None) -> Setting:
        """Change the assistant that is meant. The setting as it was read back."""
        self.read = AssistantRead(self.account)
        self.id = self.read.chosen_id(assistant_id)
        try:
            if ASSISTANTS.newest(self.account.scope, self.id) is None:
                # A lease on an assistant that this key does not open would hold up its own editors.
                self.read.one(self.id)
            with hold_lease(self.id, now=self.now) as self.lease:
                return self._edit()
        except errors.AssistantNotFound:
            raise self.read.not_found(assistant_id) from None
        except ProviderAuthFailed:
            renew_epoch(self.account.user)
            raise

    def _edit(self) -> Setting:
        self.seen = ledger.last_seen(self.account.user.pk, self.id)
        began = copy_time()
        before = self.read.fetch(self.id)
        self.read.keep(self.seen, before, began)
        self._check_precondition(before)
        if self.source != Source.REVERT and self.value is not ABSENT:
            self.value = _checked(self.wanted, self.value, before.document)
        if diff.same(self._held(before), self.wanted.recorded(self.value)):
            return self._setting(before)
        body = self._body(before)
        revision = self._propose(before)
        answered, lost = self._send(body, revision)
        after = self._read_back(answered, revision)
        beside = diff.differences(before.document, after.document, beside=self.wanted.path)
        if beside:
            # Vapi's dashboard was used in the same second, or Vapi did not keep what it had.
            log.warning("assistant changed beside the edit", assistant_id=self.id, fields=beside)
        if revision.status == Status.CONFIRMED:
            return self._setting(after)
        raise lost or errors.WriteNotKept

    def _check_precondition(self, before: Assistant) -> None:
        """Check `If-Match`, in which a proxy may have rewritten the tag."""
        if self.if_match is None:
            return
        current = catalogue.show(before.document, self.wanted)
        tags = etags.tags_of(self.if_match)
        if not (current.exists if tags == [etags.ANY] else current.etag in tags):
            requested = None if self.value is ABSENT else self.value
            raise errors.SettingChanged(self.wanted.key, current.value, current.etag, requested)

    def _body(self, before: Assistant) -> dict[str, Any]:
        """The PATCH. Raises: ValueNotRemovable, ValidationFailed."""
        wanted = self.wanted
        if self.value is ABSENT and len(wanted.path) == 1:
            raise errors.ValueNotRemovable(wanted.key)
        try:
            return wanted.patch(before.document, self.value)
        except catalogue.ValueRefused as refused:
            raise errors.invalid(str(refused)) from None

    def _propose(self, before: Assistant) -> Revision:
        """Write down what will be done, before it is done, and leave all copies behind."""
        for _ in range(TRIES):
            try:
                with transaction.atomic():
                    revision = ledger.propose(
                        self.seen,
                        self.wanted.key,
                        diff.text(self._held(before)),
                        diff.text(self.wanted.recorded(self.value)),
                        source=self.source,
                        by=self.account.user,
                        at=self.now(),
                    )
                    self._leave_copies_behind()
            except IntegrityError:
                # A read recorded something at the same moment.
                self.seen = ledger.last_seen(self.account.user.pk, self.id)
            else:
                return revision
        raise errors.EditInProgress(retry_after=RETRY_AFTER)

    def _send(
        self, body: dict[str, Any], revision: Revision
    ) -> tuple[Assistant | None, ProviderUnreachable | None]:
        """Vapi's answer, or the failure that leaves open whether Vapi did it."""
        try:
            if not self.lease.renew(self.now()):
                # This process was slow: another editor may hold the lease by now.
                raise errors.EditInProgress(retry_after=RETRY_AFTER)
            return self.account.client.change_assistant(self.id, body), None
        except (Problem, errors.ChangeRefused) as refused:
            if isinstance(refused, ProviderUnreachable) and not refused.unsent:
                return None, refused
            self._settle_as(revision, Status.FAILED)
            if isinstance(refused, errors.ChangeRefused):
                raise errors.unacceptable(
                    self.wanted.key, self.wanted.path, refused.complaints
                ) from None
            raise

    def _read_back(self, answered: Assistant | None, revision: Revision) -> Assistant:
        """The assistant after the change. Raises: WriteUnconfirmed."""
        self.lease.renew(self.now())
        began = copy_time()
        try:
            after = self.read.fetch(self.id)
        except Problem as failure:
            # Vapi's answer to the change itself will do, if there was one.
            if answered is None or diff.text(self._held(answered)) != revision.after:
                self._settle_as(revision, Status.UNKNOWN)
                log.warning("change unconfirmed", revision=revision.pk, cause=failure.code)
                raise errors.WriteUnconfirmed from None
            after = answered
        self._settle(ledger.compare(self.seen, after, now=self.now()))
        if not self.seen.is_unsettled:
            seen = Seen(after, self.seen.changed_at)
            ASSISTANTS.keep(self.read.account.scope, self.id, seen, began)
        return after

    def _settle_as(self, revision: Revision, status: Status) -> None:
        history = self.seen.history(self.wanted.key)
        self._settle([ledger.Findings(history, [(revision, status)])])

    def _settle(self, findings: list[ledger.Findings]) -> None:
        """Record how it ended, and let the next editor in. Copies read meanwhile are left behind:
        even a refusal may come after the work."""
        with transaction.atomic():
            ledger.record(findings)
            self._leave_copies_behind()
            self.lease.release()

    def _leave_copies_behind(self) -> None:
        self.read.account = self.read.account.with_new_generation(of_assistant=self.id)

    def _held(self, found: Assistant) -> Any:
        return self.wanted.held(found.document)

    def _setting(self, found: Assistant) -> Setting:
        return Seen(found, self.seen.changed_at).show(self.wanted)
