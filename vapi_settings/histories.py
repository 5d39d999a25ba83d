"""History of one setting as a page shows it."""

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User

from ava.console import navigation
from vapi_settings import diff, editors, ledger, queries
from vapi_settings.catalogue import Definition
from vapi_settings.models import Revision
from vapi_settings.room import Row, address, collect

ENTRIES: Final = 20
LONGEST_NUMBER: Final = 9


@dataclass(frozen=True)
class Entry:
    """A revision in a history."""

    revision: Revision
    wanted: Definition
    held: str | None  # canonical text that the assistant holds

    @property
    def before(self) -> str:
        return editors.words(self.wanted, ledger.value(self.revision.before))

    @property
    def after(self) -> str:
        return editors.words(self.wanted, ledger.value(self.revision.after))

    @property
    def is_held(self) -> bool:
        return self.revision.after == self.held

    @property
    def is_first(self) -> bool:
        return self.revision.source == Revision.Source.FOUND

    @property
    def is_unsettled(self) -> bool:
        return self.revision.status != Revision.Status.CONFIRMED

    @property
    def can_be_put_back(self) -> bool:
        return not self.is_held and can_be_put_back(self.wanted, self.revision)

    @property
    def who(self) -> str:
        match self.revision.source:
            case Revision.Source.FOUND:
                return "Found when AVA first looked"
            case Revision.Source.VAPI:
                return "Changed outside AVA"
        name = self.revision.by.username if self.revision.by else "A user who is gone"
        verb = "put back" if self.revision.source == Revision.Source.REVERT else "changed"
        return f"{name} {verb} it {_DOORS.get(self.revision.source, '')}".strip()

    @property
    def story(self) -> str:
        """Address of all that happened with it."""
        return navigation.story(self.revision.correlation_id)


_DOORS: Final[dict[str, str]] = {
    Revision.Source.API: "through the API",
    Revision.Source.ADMIN: "in the admin",
    Revision.Source.CONSOLE: "in the console",
}


def can_be_put_back(wanted: Definition, revision: Revision) -> bool:
    """Vapi has no way to take a whole field away."""
    return revision.after is not None or len(wanted.path) > 1


@dataclass(frozen=True)
class History:
    title: str
    row: Row | None
    assistant_id: str
    key: str
    entries: list[Entry]
    older: str
    newer: str

    @property
    def back(self) -> str:
        return address("vapi", assistant_id=self.assistant_id)

    @property
    def revert_href(self) -> str:
        return address("vapi-revert", self.key, assistant_id=self.assistant_id)

    @property
    def is_stale(self) -> bool:
        return self.row is None or self.row.is_stale

    @property
    def etag(self) -> str:
        return self.row.setting.etag if self.row else ""


def collect_history(*, user: User, key: str, assistant_id: str | None, before: str) -> History:
    """One page of it, the newest first.

    Args:
        before: the number of the revision that the page before ended with; empty for the first.

    Raises: as `queries.history`.
    """
    wanted = queries.definition(key)
    rows = queries.history(user=user, key=key, assistant_id=assistant_id)
    if before.isdecimal() and len(before) <= LONGEST_NUMBER:
        rows = rows.filter(number__lt=int(before))
    shown = list(rows[: ENTRIES + 1])
    room = collect(user=user, assistant_id=assistant_id)
    row, where = room.row(key), room.assistant_id or assistant_id or ""
    held = diff.text(wanted.held(row.seen.assistant.document)) if row else None
    older = newer = ""
    if len(shown) > ENTRIES:
        last = shown[ENTRIES - 1].number
        older = address("vapi-setting", key, before=last, assistant_id=where)
    if before:
        newer = address("vapi-setting", key, assistant_id=where)
    entries = [Entry(each, wanted, held) for each in shown[:ENTRIES]]
    return History(editors.name(wanted), row, where, key, entries, older, newer)
