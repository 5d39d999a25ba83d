"""Ledger of an assistant's settings: what AVA has seen and done, compared with what Vapi says now.

A read has three steps: `last_seen` before it begins, `compare` when it has ended, `record` if there
are findings. Whatever an edit, or another reader, wrote in between took the next number of that
setting, so that the database refuses the same number to a read that is too old to know.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from ava.http import correlation
from vapi_settings import catalogue
from vapi_settings.diff import ABSENT, text
from vapi_settings.models import AssistantLease, Revision
from vapi_settings.own_tools import BOOKING
from vapi_settings.records import Assistant

log = structlog.get_logger("vapi_settings")

Source = Revision.Source
Status = Revision.Status


class SettingHistory(list[Revision]):
    """Revisions of one setting by number: the last confirmed one, what came after, and what may or
    may not have been made."""

    @property
    def last(self) -> Revision | None:
        """The newest confirmed revision."""
        return next((row for row in reversed(self) if row.status == Status.CONFIRMED), None)

    @property
    def unsettled(self) -> list[Revision]:
        """Pending and unconfirmed revisions, oldest first."""
        return [row for row in self if row.status in Revision.UNSETTLED]

    def number(self, revision: Revision) -> Revision:
        """The revision with the number that follows."""
        revision.number = (self[-1].number if self else 0) + 1
        self.append(revision)
        return revision


@dataclass
class LastSeen:
    """State of one assistant as AVA last saw it, for one owner."""

    owner_id: int
    assistant_id: str
    histories: dict[str, SettingHistory] = field(default_factory=dict)
    # Another edit is under way; else what is unsettled was left by a process that died.
    is_locked: bool = False
    edits: int = 0  # that were begun

    @property
    def is_new(self) -> bool:
        """Whether AVA has never seen the assistant."""
        return not any(self.histories.values())

    @property
    def is_unsettled(self) -> bool:
        """Whether something may or may not have been changed."""
        return any(history.unsettled for history in self.histories.values())

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way, and no answer was lost."""
        rows = [row for history in self.histories.values() for row in history]
        return not self.is_locked and all(row.status == Status.CONFIRMED for row in rows)

    def copy(self) -> "LastSeen":
        """The same for another read, which may add to it."""
        histories = {key: SettingHistory(rows) for key, rows in self.histories.items()}
        return replace(self, histories=histories)

    @property
    def changed_at(self) -> dict[str, datetime]:
        """Times at which each setting got the value it has, as far as AVA knows."""
        return {key: one.last.at for key, one in self.histories.items() if one.last}

    def history(self, key: str) -> SettingHistory:
        return self.histories.setdefault(key, SettingHistory())


@dataclass
class Findings:
    """Findings of a read about one setting, not in the ledger yet: outcomes of changes whose
    answer was lost, and values from elsewhere."""

    history: SettingHistory
    outcomes: list[tuple[Revision, Status]] = field(default_factory=list)
    values: list[Revision] = field(default_factory=list)


def value(stored: str | None) -> Any:
    return ABSENT if stored is None else json.loads(stored)


def revisions(owner_id: int, assistant_id: str) -> QuerySet[Revision]:
    """All revisions of one assistant, as one owner sees it."""
    return Revision.objects.filter(owner_id=owner_id, assistant_id=assistant_id)


def latest_assistant(owner_id: int) -> str | None:
    """The assistant that the owner's newest revision is about."""
    rows = Revision.objects.filter(owner_id=owner_id).order_by("-id")
    return rows.values_list("assistant_id", flat=True).first()


def last_seen(owner_id: int, assistant_id: str) -> LastSeen:
    """Last seen state, without the lease: revisions that no confirmed one has followed yet."""
    rows = revisions(owner_id, assistant_id)
    followed = rows.filter(
        key=OuterRef("key"), number__gt=OuterRef("number"), status=Status.CONFIRMED
    )
    current = rows.filter(~Exists(followed) | Q(status__in=Revision.UNSETTLED)).order_by("number")
    seen = LastSeen(owner_id, assistant_id)
    for row in current:
        seen.history(row.key).append(row)
    return seen


def last_seen_now(owner_id: int, assistant_id: str, now: datetime) -> LastSeen:
    """Last seen state, and whether an edit is under way."""
    # In this order: a change that is unsettled now, and a lease that is free after that, were left
    # by a process that died.
    seen = last_seen(owner_id, assistant_id)
    if lease := AssistantLease.objects.filter(pk=assistant_id).first():
        seen.is_locked, seen.edits = lease.is_live(now), lease.edition
    return seen


def propose(
    seen: LastSeen,
    key: str,
    before: str | None,
    after: str | None,
    *,
    source: str,
    by: User,
    at: datetime,
) -> Revision:
    """Record a change that will be sent, and before it a value not known yet. Raises:
    IntegrityError: a read recorded something at the same moment."""
    history = seen.history(key)
    revision = _revision(seen, key, before, after, source, at)
    revision.by, revision.status = by, Status.PENDING
    found = [] if history.last else [_revision(seen, key, None, before, Source.FOUND, at)]
    for step in [*found, revision]:
        history.number(step).save(force_insert=True)
    return revision


def compare(before: LastSeen, assistant: Assistant, *, now: datetime) -> list[Findings]:
    """Findings to record: values first found, changes from outside, outcomes of lost answers.
    `before` was taken before the assistant was read."""
    found = {
        wanted.key: text(wanted.held(assistant.document))
        for wanted in catalogue.present(assistant.document)
    }
    if BOOKING.key in before.histories:  # the list leaves it out
        found[BOOKING.key] = text(BOOKING.held(assistant.document))
    findings: list[Findings] = []
    first_sight = before.is_new
    for key in sorted(found.keys() | before.histories.keys()):
        history, held = before.history(key), found.get(key)
        if history.unsettled and before.is_locked:
            continue
        one = Findings(history)
        last = history.last
        for row in history.unsettled:
            status = _outcome(row, last, held)
            one.outcomes.append((row, status))
            if status == Status.CONFIRMED:
                last = row
        top, known = history[-1] if history else None, last.after if last else None
        if top and top.status == Status.LOST and top.after == held != known:
            # It was not there when AVA looked, and is now: the request was still on its way.
            one.outcomes.append((top, Status.CONFIRMED))
        elif held != known or (first_sight and not last):
            at = _moment(assistant, last, now)
            if not last:
                # At first sight the value was found; later there was none when AVA first looked.
                was = held if first_sight else None
                one.values.append(_revision(before, key, None, was, Source.FOUND, at))
            if not first_sight:
                one.values.append(_revision(before, key, known, held, Source.VAPI, at))
        if one.outcomes or one.values:
            findings.append(one)
    return findings


def record(findings: Iterable[Findings]) -> None:
    """Write down what `compare` found. The caller holds a transaction."""
    values: list[Revision] = []
    for one in findings:
        # Where another reader settles it at the same moment, that one writes the rest, too.
        if not all(_settle(row, status) for row, status in one.outcomes):
            continue
        for revision in one.values:
            values.append(one.history.number(revision))
            if revision.source == Source.VAPI:
                log.info(
                    "setting changed outside", assistant_id=revision.assistant_id, key=revision.key
                )
    if values:
        # A number that is taken: another read, or a change of our own, was written down first.
        Revision.objects.bulk_create(values, ignore_conflicts=True)


def _settle(row: Revision, status: Status) -> bool:
    """Record what became of a change. False when another request just did."""
    expected = (Status.LOST,) if row.status == Status.LOST else Revision.UNSETTLED
    moved = Revision.objects.filter(pk=row.pk, status__in=expected).update(status=status)
    if not moved:
        row.refresh_from_db(fields=["status"])
        return False
    row.status = status
    log.info("revision settled", revision=row.pk, key=row.key, status=str(status))
    return True


def _outcome(row: Revision, last: Revision | None, found: str | None) -> Status:
    if last is not None and last.number > row.number:
        return Status.SUPERSEDED
    if found == row.after:
        return Status.CONFIRMED
    return Status.LOST if found == row.before else Status.SUPERSEDED


def _revision(
    seen: LastSeen, key: str, before: str | None, after: str | None, source: str, at: datetime
) -> Revision:
    return Revision(
        owner_id=seen.owner_id,
        assistant_id=seen.assistant_id,
        key=key,
        before=before,
        after=after,
        source=source,
        status=Status.CONFIRMED,
        at=at,
        correlation_id=correlation.current(),
    )


def _moment(assistant: Assistant, last: Revision | None, now: datetime) -> datetime:
    """Time of a change from outside, at the latest: the assistant's own time where it can be
    true."""
    at = assistant.summary.updated_at
    if at is None or at > now or (last is not None and at < last.at):
        return now
    return at
