"""What AVA knows of an assistant's settings, held against what Vapi says now.

A read is noted in two steps: `known` before it begins, `note` when it has ended. Whatever AVA
itself, or another reader, wrote in between took the next number of that setting, so that the
database refuses the same number to a read that is too old to know.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ava.http import correlation
from vapi_settings import catalogue
from vapi_settings.client import Assistant
from vapi_settings.diff import ABSENT, canonical
from vapi_settings.models import Revision

log = structlog.get_logger("vapi_settings")

Source = Revision.Source
Status = Revision.Status


@dataclass
class Line:
    """One setting: its last value for sure, and what came after.

    Attributes:
        last: the newest confirmed revision.
        top: the newest of all.
        unsettled: those that may or may not have been made, oldest first.
    """

    last: Revision | None = None
    top: Revision | None = None
    unsettled: list[Revision] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Of the newest revision; 0 where there is none."""
        return self.top.number if self.top else 0


@dataclass(frozen=True)
class Known:
    """What AVA knew of one assistant, as one owner sees it, at one moment."""

    owner_id: int
    assistant_id: str
    lines: Mapping[str, Line]

    @property
    def is_new(self) -> bool:
        """Whether AVA has never seen the assistant."""
        return not self.lines

    @property
    def is_unsettled(self) -> bool:
        """Whether something may or may not have been changed."""
        return any(line.unsettled for line in self.lines.values())

    def line(self, key: str) -> Line:
        """What is known of one setting."""
        return self.lines.get(key) or Line()


def text(value: Any) -> str | None:
    """A value as a revision stores it; None where there is no value."""
    return None if value is ABSENT else canonical(value)


def value(stored: str | None) -> Any:
    """A value as it was before `text`."""
    return ABSENT if stored is None else json.loads(stored)


def of(owner_id: int, assistant_id: str) -> QuerySet[Revision]:
    """All revisions of one assistant, as one owner sees it."""
    return Revision.objects.filter(owner_id=owner_id, assistant_id=assistant_id)


def latest_assistant(owner_id: int) -> str | None:
    """The assistant that the owner's newest revision is about."""
    rows = Revision.objects.filter(owner_id=owner_id).order_by("-id")
    return rows.values_list("assistant_id", flat=True).first()


def known(owner_id: int, assistant_id: str) -> Known:
    """What AVA knows now. One query, which gets what no confirmed revision has followed yet."""
    rows = of(owner_id, assistant_id)
    followed = rows.filter(
        key=OuterRef("key"), number__gt=OuterRef("number"), status=Status.CONFIRMED
    )
    current = rows.filter(~Exists(followed) | Q(status__in=Revision.UNSETTLED)).order_by("number")
    lines: dict[str, Line] = {}
    for row in current:
        line = lines.setdefault(row.key, Line())
        line.top = row
        if row.status == Status.CONFIRMED:
            line.last = row
        elif row.status in Revision.UNSETTLED:
            line.unsettled.append(row)
    return Known(owner_id, assistant_id, lines)


def note(before: Known, assistant: Assistant, *, now: datetime, alone: bool) -> None:
    """Settle what was open, and write down what is new: values first found, changes from outside.

    Args:
        before: taken before the assistant was read.
        alone: whether nobody was changing it, so that what is open was left by somebody who died.
    """
    found = {
        wanted.key: text(catalogue.held(assistant.document, wanted))
        for wanted in catalogue.present(assistant.document)
    }
    news: list[tuple[Line, list[Revision]]] = []
    for key in sorted(found.keys() | before.lines.keys()):
        line = before.line(key)
        if line.unsettled and not alone:
            continue
        if all(settle(row, line, found.get(key)) for row in line.unsettled):
            steps = _steps(before, line, found.get(key))
            at = _moment(assistant, line, now)
            news.append((line, [_revision(before, key, step, at) for step in steps]))
    _write([(line, revisions) for line, revisions in news if revisions])


def add(line: Line, revisions: Sequence[Revision]) -> None:
    """Insert revisions of one setting, with the numbers after the newest known.

    Raises: IntegrityError when somebody else was faster; then nothing is inserted.
    """
    with transaction.atomic():
        for number, revision in enumerate(revisions, start=line.number + 1):
            revision.number = number
            revision.save(force_insert=True)


def settle(row: Revision, line: Line, found: str | None) -> bool:
    """Say what became of a change whose answer nobody heard. False when somebody else just did."""
    if line.last is not None and line.last.number > row.number:
        status = Status.SUPERSEDED
    elif found == row.after:
        status = Status.CONFIRMED
    else:
        status = Status.LOST if found == row.before else Status.SUPERSEDED
    if not move(row, Revision.UNSETTLED, status):
        return False
    if status == Status.CONFIRMED:
        line.last = row
    return True


def move(row: Revision, expected: Iterable[str], status: str) -> bool:
    """Change a revision's status, unless somebody else just did."""
    moved = Revision.objects.filter(pk=row.pk, status__in=expected).update(status=status)
    if moved:
        row.status = status
        log.info("revision settled", revision=row.pk, key=row.key, status=str(status))
    return bool(moved)


def last_changes(owner_id: int, assistant_id: str) -> dict[str, datetime]:
    """When each setting got the value it has, as far as AVA knows."""
    confirmed = of(owner_id, assistant_id).filter(status=Status.CONFIRMED)
    followed = confirmed.filter(key=OuterRef("key"), number__gt=OuterRef("number"))
    return dict(confirmed.filter(~Exists(followed)).values_list("key", "at"))


Step = tuple[str | None, str | None, str]


def _steps(before: Known, line: Line, found: str | None) -> list[Step]:
    """What to write down: before, after and source of each revision."""
    if line.last is None:
        if before.is_new:
            return [(None, found, Source.FOUND)]
        if found is None:
            return []
        # Nothing was there when AVA first looked at this assistant.
        return [(None, None, Source.FOUND), (None, found, Source.VAPI)]
    if line.last.after == found:
        return []
    top = line.top
    if top is not None and top.status == Status.LOST and top.after == found:
        # It was not there when AVA looked, and is now: the request was still on its way.
        move(top, (Status.LOST,), Status.CONFIRMED)
        return []
    return [(line.last.after, found, Source.VAPI)]


def _revision(before: Known, key: str, step: Step, at: datetime) -> Revision:
    was, becomes, source = step
    return Revision(
        owner_id=before.owner_id,
        assistant_id=before.assistant_id,
        key=key,
        before=was,
        after=becomes,
        source=source,
        status=Status.CONFIRMED,
        at=at,
        correlation_id=correlation.current(),
    )


def _write(news: list[tuple[Line, list[Revision]]]) -> None:
    if not news:
        return
    with transaction.atomic():
        for line, revisions in news:
            try:
                add(line, revisions)
            except IntegrityError:
                continue  # Another read, or a change of our own, was written down first.
            last = revisions[-1]
            if last.source == Source.VAPI:
                log.info("setting changed outside", assistant_id=last.assistant_id, key=last.key)


def _moment(assistant: Assistant, line: Line, now: datetime) -> datetime:
    """When it was changed outside, at the latest: the assistant's own time where it can be true."""
    at = assistant.summary.updated_at
    if at is None or at > now or (line.last is not None and at < line.last.at):
        return now
    return at
