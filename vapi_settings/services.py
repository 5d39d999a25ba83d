"""Change one setting of an assistant, or put back what it held: docs/adr/0004."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.utils import timezone

from ava.http import correlation
from ava.http.problems import Problem
from ava.upstream import ProviderAuthFailed, ProviderProblem, ProviderUnreachable
from integrations.credentials.store import Credentials
from vapi_settings import catalogue, copies, diff, errors, etags, leases, ledger, queries
from vapi_settings.catalogue import Definition
from vapi_settings.client import Assistant, VapiClient
from vapi_settings.copies import Account
from vapi_settings.diff import ABSENT
from vapi_settings.leases import Lease
from vapi_settings.models import Revision
from vapi_settings.values import ValueRefused

log = structlog.get_logger("vapi_settings")

TRIES = 5

Clock = Callable[[], datetime]
Wish = Callable[[Assistant], Any]


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
) -> queries.View:
    """Set one field of the assistant, and nothing else; it has been read back when this returns.

    Args:
        key: a standard setting, or any possible name of a custom one.
        value: parsed JSON.
        source: one of Revision.Source.
        assistant_id: None means the default assistant, else the only one.
        if_match: ETags of the value as the caller knows it; None asks for nothing.
        now: the time of day.

    Raises:
        ValidationFailed: AVA or Vapi does not take the key or the value.
        SettingChanged: the value is another one by now.
        EditInProgress: somebody else is at it.
        WriteUnconfirmed: nobody knows yet whether it was done.
        WriteNotKept: Vapi said yes and holds something else.
        AssistantNotFound, AssistantAmbiguous, ProviderProblem, CredentialsMissing.
    """
    wanted = catalogue.definition(key)
    if wanted is None:
        raise errors.invalid(
            "A key is 1 to 64 characters: small letters, digits and _, beginning with a letter.",
            field="key",
        )
    checked = _checked(wanted, value, None)
    return _edit(
        _Edit(
            of=copies.account(user),
            wanted=wanted,
            wish=lambda found: _checked(wanted, checked, found),
            source=source,
            if_match=if_match,
            requested=checked,
            now=now,
        ),
        assistant_id,
    )


def revert_setting(
    *,
    user: User,
    key: str,
    revision: int,
    assistant_id: str | None = None,
    if_match: str | None = None,
    now: Clock = timezone.now,
) -> queries.View | None:
    """Put back what a setting held after one of its revisions, which may be nothing at all.

    What was once there may be put back even where AVA would not take it from a user now.

    Returns: the setting; None for a custom one that is gone.

    Raises: SettingNotFound, RevisionNotFound, and what `change_setting` raises.
    """
    wanted = queries.definition(key)
    of = copies.account(user)
    found = queries.find(of, assistant_id).value
    row = queries.shown(of, found.id, key).filter(number=revision).first()
    if row is None:
        if wanted.custom and not queries.shown(of, found.id, key).exists():
            raise queries.unknown(key)
        raise errors.RevisionNotFound(f"There is no revision {revision} of {key}.")
    value = ledger.value(row.after)
    edit = _Edit(
        of=of,
        wanted=wanted,
        wish=lambda _: value,
        source=Revision.Source.REVERT,
        if_match=if_match,
        requested=None if value is ABSENT else value,
        now=now,
    )
    view = _edit(edit, found.id)
    return view if view.setting.is_set or not wanted.custom else None


@dataclass(frozen=True)
class _Edit:
    """One change on its way. `wish` says what is wanted of the assistant as it is now."""

    of: Account
    wanted: Definition
    wish: Wish
    source: str
    if_match: str | None
    requested: Any
    now: Clock

    def held(self, found: Assistant) -> Any:
        return catalogue.held(found.document, self.wanted)

    def view(self, found: Assistant) -> queries.View:
        return queries.views(self.of, found, [self.wanted])[0]


def _edit(edit: _Edit, assistant_id: str | None) -> queries.View:
    target = queries.find(edit.of, assistant_id).value.id
    with leases.hold(target, now=edit.now) as lease:
        before = copies.assistant(edit.of, target, reload=True, holding=True).value
        _check_precondition(edit, before)
        value = edit.wish(before)
        if diff.same(edit.held(before), value):
            return edit.view(before)
        body = _body(edit, before, value)
        revision = _propose(edit, before, value)
        after = _change(edit, lease, before, body, revision)
    return edit.view(after)


def _checked(wanted: Definition, value: Any, found: Assistant | None) -> Any:
    try:
        return catalogue.check(wanted, value, found.document if found else None)
    except ValueRefused as refused:
        raise errors.invalid(str(refused)) from None


def _check_precondition(edit: _Edit, before: Assistant) -> None:
    current = queries.tag(before, edit.wanted)
    exists = not edit.wanted.custom or edit.held(before) is not ABSENT
    if not etags.allows_change(edit.if_match, current, exists=exists):
        shown = catalogue.show(before.document, edit.wanted)
        raise errors.SettingChanged(
            f"Somebody changed {edit.wanted.key} in between. Read it again, then decide.",
            headers={"ETag": current},
            extra={
                "current": {"value": shown.value, "etag": current},
                "requested": edit.requested,
            },
        )


def _body(edit: _Edit, before: Assistant, value: Any) -> dict[str, Any]:
    if value is ABSENT and len(edit.wanted.path) == 1:
        raise errors.ValueNotRemovable(edit.wanted.key)
    try:
        return diff.patch(
            before.document,
            edit.wanted.path,
            value,
            makes_parents=edit.wanted.makes_parents,
        )
    except diff.ParentMissing as missing:
        raise errors.invalid(
            f"{edit.wanted.key} cannot be set: this assistant has no usable {missing.field}. "
            "Choose one in Vapi's dashboard first."
        ) from None


def _propose(edit: _Edit, before: Assistant, value: Any) -> Revision:
    """Write down what will be done, before it is done."""
    was, becomes = ledger.text(edit.held(before)), ledger.text(value)
    for _ in range(TRIES):
        line = ledger.known(edit.of.user.pk, before.id).line(edit.wanted.key)
        revision = _revision(edit, before, was, becomes)
        first = [] if line.last else [_revision(edit, before, None, was, found=True)]
        try:
            ledger.add(line, [*first, revision])
        except IntegrityError:
            continue  # A read noted something at the same moment.
        return revision
    raise errors.EditInProgress(retry_after=leases.RETRY_AFTER)


def _revision(
    edit: _Edit, before: Assistant, was: str | None, becomes: str | None, *, found: bool = False
) -> Revision:
    return Revision(
        owner_id=edit.of.user.pk,
        assistant_id=before.id,
        key=edit.wanted.key,
        before=was,
        after=becomes,
        by_id=None if found else edit.of.user.pk,
        at=edit.now(),
        source=Revision.Source.FOUND if found else edit.source,
        status=Revision.Status.CONFIRMED if found else Revision.Status.PENDING,
        correlation_id=correlation.current(),
    )


def _change(
    edit: _Edit, lease: Lease, before: Assistant, body: dict[str, Any], revision: Revision
) -> Assistant:
    """Send the change and find out what became of it; the assistant afterwards."""
    if not leases.renew(lease, edit.now()):
        # This process was slow: somebody else may hold the lease by now.
        ledger.move(revision, Revision.UNSETTLED, Revision.Status.FAILED)
        raise errors.EditInProgress(retry_after=leases.RETRY_AFTER)
    # From here on copies are old, whatever Vapi answers: a refusal may come after the work.
    leases.count_change(before.id)
    answered, lost = _send(edit, before, body, revision)
    since = copies.mark(edit.of)
    edition = leases.count_change(before.id)
    leases.renew(lease, edit.now())
    try:
        after = copies.look(edit.of, before.id, holding=True)
    except Problem as failure:
        after = _trust(edit, answered, revision, failure)
    copies.keep(edit.of, after, since=since, edition=edition)
    _report_side_effects(edit, before, after)
    revision.refresh_from_db(fields=["status"])
    if revision.status == Revision.Status.CONFIRMED:
        return after
    raise lost or errors.WriteNotKept


def _send(
    edit: _Edit, before: Assistant, body: dict[str, Any], revision: Revision
) -> tuple[Assistant | None, ProviderUnreachable | None]:
    """Vapi's answer, or the failure that leaves open whether Vapi did it."""
    try:
        return edit.of.client.change_assistant(before.id, body), None
    except ProviderUnreachable as failure:
        if not failure.unsent:
            return None, failure
        ledger.move(revision, Revision.UNSETTLED, Revision.Status.FAILED)
        raise
    except errors.ChangeRefused as refused:
        ledger.move(revision, Revision.UNSETTLED, Revision.Status.FAILED)
        raise errors.unacceptable(edit.wanted.key, edit.wanted.path, refused.complaints) from None
    except (ProviderProblem, errors.AssistantNotFound) as refused:
        ledger.move(revision, Revision.UNSETTLED, Revision.Status.FAILED)
        if isinstance(refused, ProviderAuthFailed):
            copies.drop(edit.of)
        raise


def _trust(
    edit: _Edit, answered: Assistant | None, revision: Revision, failure: Problem
) -> Assistant:
    """Reading back failed: take Vapi's answer to the change itself, if there was one."""
    if answered is not None:
        found = ledger.text(edit.held(answered))
        if found == revision.after:
            ledger.move(revision, Revision.UNSETTLED, Revision.Status.CONFIRMED)
            return answered
    ledger.move(revision, Revision.UNSETTLED, Revision.Status.UNKNOWN)
    log.warning("change unconfirmed", revision=revision.pk, cause=failure.code)
    raise errors.WriteUnconfirmed from None


def _report_side_effects(edit: _Edit, before: Assistant, after: Assistant) -> None:
    beside = diff.differences(before.document, after.document, beside=edit.wanted.path)
    if beside:
        # Somebody used Vapi's dashboard in the same second, or Vapi did not keep what it had.
        log.warning("assistant changed beside the edit", assistant_id=after.id, fields=beside)
