"""Room of an assistant, as its pages show it: its settings, and the draft of an edit."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from ava import upstream
from ava.cache import Copy
from ava.http.problems import Problem
from ava.upstream import ProviderAuthFailed
from ava.upstream.breaker import Snapshot
from vapi_settings import editors, queries
from vapi_settings.catalogue import Definition, Setting
from vapi_settings.drafts import Draft
from vapi_settings.errors import VAPI, AssistantAmbiguous, AssistantNotFound
from vapi_settings.models import Revision
from vapi_settings.reads import OUTAGES, Seen
from vapi_settings.records import Summary

RECENT: Final = timedelta(days=7)
"""For which a change from outside is worth a banner while others follow it."""


def address(url_name: str, *args: str, **query: Any) -> str:
    """An address with the query that is not empty."""
    wanted = urlencode({key: value for key, value in query.items() if value not in (None, "")})
    return f"{reverse(url_name, args=args)}{wanted and '?'}{wanted}"


@dataclass(frozen=True)
class Row:
    """One setting with its editor."""

    setting: Setting
    seen: Seen
    assistant_id: str
    newest: Revision | None
    is_stale: bool
    draft: Draft | None = None
    is_saved: bool = False

    @cached_property
    def wanted(self) -> Definition:
        return self.setting.definition

    @cached_property
    def key(self) -> str:
        return self.wanted.key

    @cached_property
    def name(self) -> str:
        return editors.name(self.wanted)

    @cached_property
    def help(self) -> str:
        limits = editors.limits(self.wanted, self.setting.constraints)
        return f"{self.wanted.description} {limits}".strip()

    @property
    def step(self) -> str:
        return editors.step(self.wanted)

    @cached_property
    def least(self) -> str:
        return str(self.setting.constraints["minimum"])

    @cached_property
    def most(self) -> str:
        return str(self.setting.constraints["maximum"])

    @property
    def ends(self) -> tuple[str, str]:
        return editors.ends(self.wanted)

    @cached_property
    def text(self) -> str:
        """In the control."""
        return self.draft.text if self.draft else editors.typed(self.wanted, self.setting.value)

    @property
    def is_on(self) -> bool:
        return self.text == editors.ON

    @property
    def held(self) -> str:
        """As people read it."""
        return editors.words(self.wanted, self.setting.value)

    @cached_property
    def error(self) -> str:
        """Error of the typed value."""
        return self.draft.error if self.draft else ""

    @cached_property
    def etag(self) -> str:
        return self.draft.etag if self.draft and self.draft.etag else self.setting.etag

    @cached_property
    def obstacle(self) -> str:
        return editors.obstacle(self.setting, self.seen.assistant.document)

    @cached_property
    def oddity(self) -> str:
        return "" if self.obstacle else editors.oddity(self.setting, self.seen.assistant.document)

    @property
    def is_fixed(self) -> bool:
        """Nothing can be set right now."""
        return self.is_stale or bool(self.obstacle)

    @property
    def is_unsettled(self) -> bool:
        return self.newest is not None and self.newest.status in Revision.UNSETTLED

    @property
    def is_drift(self) -> bool:
        return self.newest is not None and self.newest.source == Revision.Source.VAPI

    @property
    def who(self) -> str:
        """Source of the value that it holds, in words."""
        if self.newest is None or self.newest.source == Revision.Source.FOUND:
            return ""
        if self.is_drift:
            return "outside AVA"
        return f"by {self.newest.by.username}" if self.newest.by else ""

    @cached_property
    def href(self) -> str:
        return address("vapi-setting", self.key, assistant_id=self.assistant_id)

    @property
    def revert_href(self) -> str:
        return address("vapi-revert", self.key, assistant_id=self.assistant_id)


@dataclass(frozen=True)
class Room:
    """One assistant, or why there is none to be seen."""

    title: str = "Assistants"
    search: str = ""
    assistant: Summary | None = None
    assistants: Sequence[Summary] = ()
    rows: Sequence[Row] = ()
    as_of: datetime | None = None  # of an old copy
    snapshot: Snapshot = field(default_factory=lambda: Snapshot("closed"))
    problem: Problem | None = None

    @cached_property
    def name(self) -> str:
        return self.assistant.name or self.assistant.id if self.assistant else ""

    @property
    def assistant_id(self) -> str:
        return self.assistant.id if self.assistant else ""

    @property
    def href(self) -> str:
        return address("vapi", assistant_id=self.assistant_id, search=self.search)

    @property
    def plain_href(self) -> str:
        return address("vapi", assistant_id=self.assistant_id)  # without the search

    @property
    def is_open(self) -> bool:
        """Whether the breaker refuses requests."""
        return self.snapshot.state == "open" and self.snapshot.retry_after != 0

    @property
    def retry_after(self) -> int | None:
        left = self.snapshot.retry_after if self.is_open else None
        if left is None:
            return self.problem.retry_after if self.problem else None
        return math.ceil(left)

    @property
    def recovery(self) -> int:
        return int(settings.BREAKER_RECOVERY_SECONDS)

    @cached_property
    def is_waiting(self) -> bool:
        """Whether it gets better by itself."""
        return self.as_of is not None or (self.problem is not None and self.problem.is_providers)

    @property
    def is_refused(self) -> bool:
        """Whether Vapi takes no longer the key."""
        return isinstance(self.problem, ProviderAuthFailed)

    @cached_property
    def drifted(self) -> list[Row]:
        """Settings changed outside AVA, lately as this assistant's changes go."""
        last = max((row.newest.at for row in self.rows if row.newest), default=None)
        return [
            row
            for row in self.rows
            if row.newest and last and row.is_drift and row.newest.at > last - RECENT
        ]

    @property
    def is_untouched(self) -> bool:
        """Whether the assistant holds none of them."""
        return not self.search and not any(row.setting.is_set for row in self.rows)

    def row(self, key: str) -> Row | None:
        return next((row for row in self.rows if row.key == key), None)


def collect(
    *, user: User, assistant_id: str | None, search: str = "", draft: Draft | None = None,
    saved: str = "",
) -> Room:  # fmt: skip
    """The assistant that is meant, with its settings.

    Args:
        draft: what is being edited; a new custom setting stands in the list, too.
        saved: the key of the setting that was saved just now.

    Raises: AssistantNotFound: of one that was named.
    """
    search = search.strip()
    snapshot = upstream.door(VAPI.label).snapshot
    try:
        copy = _assistant(user, assistant_id, is_due=snapshot().retry_after == 0)
    except AssistantAmbiguous:
        listed = queries.assistants(user=user).value
        return Room(search=search, assistants=listed)
    except AssistantNotFound as problem:
        if assistant_id is not None:
            raise
        return Room(assistants=_assistants(user), problem=problem)
    except Problem as problem:
        return Room(problem=problem, snapshot=snapshot())
    # While Vapi fails slowly, it is not asked for the list as well.
    is_quick = not copy.stale or snapshot().state == "open"
    return Room(
        search=search,
        assistant=copy.value.assistant.summary,
        assistants=_assistants(user) if is_quick else (),
        rows=_rows(user, copy, search, draft, saved),
        as_of=copy.as_of if copy.stale else None,
        snapshot=snapshot(),
    )


def _assistant(user: User, assistant_id: str | None, *, is_due: bool) -> Copy[Seen]:
    """The assistant that is meant; from Vapi itself when its breaker waits for a request to see
    whether it works again: no copy, however young, would end the outage."""
    if is_due:
        with suppress(*OUTAGES):
            return queries.assistant(user=user, assistant_id=assistant_id, reload=True)
    return queries.assistant(user=user, assistant_id=assistant_id)


def _assistants(user: User) -> Sequence[Summary]:
    try:
        return queries.assistants(user=user).value
    except Problem:
        return ()


def _rows(user: User, copy: Copy[Seen], search: str, draft: Draft | None, saved: str) -> list[Row]:
    seen = copy.value
    newest = queries.newest(user=user, assistant_id=seen.assistant.id)
    found = queries.settings(copy)
    if draft is not None and draft.key not in {one.definition.key for one in found}:
        found.append(seen.show(queries.definition(draft.key)))
    kept = [one for one in found if _fits(one, search)]
    return [
        Row(
            setting=one,
            seen=seen,
            assistant_id=seen.assistant.id,
            newest=newest.get(one.definition.key),
            is_stale=copy.stale,
            draft=draft if draft is not None and draft.key == one.definition.key else None,
            is_saved=one.definition.key == saved,
        )
        for one in kept
    ]


def _fits(setting: Setting, search: str) -> bool:
    """As the API searches, and by the name that stands on the page."""
    by_name = search.casefold() in editors.name(setting.definition).casefold()
    return by_name or bool(queries.matching([setting], search=search, custom=None))
