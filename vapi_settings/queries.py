"""What there is to see: settings, their history, assistants, phone numbers."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ava.cache import Copy
from vapi_settings import catalogue, copies, ledger
from vapi_settings.catalogue import Definition, Setting
from vapi_settings.client import ASSISTANT_ID, Assistant, PhoneNumber, Summary
from vapi_settings.copies import Account
from vapi_settings.diff import ABSENT
from vapi_settings.errors import AssistantAmbiguous, AssistantNotFound, SettingNotFound
from vapi_settings.etags import etag
from vapi_settings.models import Revision

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """One setting of one assistant.

    Attributes:
        updated_at: when it got this value, as far as AVA knows; the assistant's own time else.
        etag: of this setting's value, in this assistant.
    """

    setting: Setting
    updated_at: datetime | None
    etag: str


def settings(
    *, user: User, assistant_id: str | None = None, reload: bool = False
) -> tuple[list[View], Copy[Assistant]]:
    """All settings of an assistant: the standard ones, then the custom ones by name.

    Args:
        assistant_id: None means the default assistant, else the only one.
        reload: whether to ask Vapi, whatever copy there is.

    Raises: AssistantNotFound, AssistantAmbiguous, ProviderProblem, CredentialsMissing.
    """
    of = copies.account(user)
    copy = find(of, assistant_id, reload=reload)
    return views(of, copy.value, catalogue.present(copy.value.document)), copy


def setting(
    *, user: User, key: str, assistant_id: str | None = None, reload: bool = False
) -> tuple[View, Copy[Assistant]]:
    """One setting of an assistant. Raises: SettingNotFound, and what `settings` raises."""
    wanted = definition(key)
    of = copies.account(user)
    copy = find(of, assistant_id, reload=reload)
    if wanted.custom and catalogue.held(copy.value.document, wanted) is ABSENT:
        raise unknown(key)
    return views(of, copy.value, [wanted])[0], copy


def history(*, user: User, key: str, assistant_id: str | None = None) -> QuerySet[Revision]:
    """What became of a setting, the newest first. It can be read while Vapi is down.

    Raises: SettingNotFound, and what `settings` raises.
    """
    wanted = definition(key)
    of = copies.account(user)
    named = _normal(assistant_id or of.default_assistant_id)
    try:
        found = find(of, assistant_id).value
    except copies.OUTAGES:
        rows = shown(of, named, key) if named else Revision.objects.none()
        if not rows.exists():
            raise
        return rows
    rows = shown(of, found.id, key)
    if wanted.custom and catalogue.held(found.document, wanted) is ABSENT and not rows.exists():
        raise unknown(key)
    return rows


def shown(of: Account, assistant_id: str, key: str) -> QuerySet[Revision]:
    """The revisions of a setting that people see: what never happened is no part of history."""
    return (
        ledger.of(of.user.pk, assistant_id)
        .filter(key=key)
        .exclude(status__in=Revision.NEVER_MADE)
        .select_related("by")
        .order_by("-number")
    )


def assistants(*, user: User, search: str = "", reload: bool = False) -> Copy[list[Summary]]:
    """The user's assistants, those whose name or id holds the text."""
    copy = copies.assistants(copies.account(user), reload=reload)
    return _filtered(copy, copy.value.summaries, search, lambda found: (found.name, found.id))


def assistant(*, user: User, assistant_id: str, reload: bool = False) -> Copy[Assistant]:
    """One of the user's assistants. Raises: AssistantNotFound."""
    return find(copies.account(user), assistant_id, reload=reload)


def phone_numbers(*, user: User, search: str = "", reload: bool = False) -> Copy[list[PhoneNumber]]:
    """The user's phone numbers at Vapi, those whose name or number holds the text."""
    copy = copies.phone_numbers(copies.account(user), reload=reload)
    return _filtered(copy, copy.value, search, lambda found: (found.name, found.number))


def definition(key: str) -> Definition:
    """The setting of that name. Raises: SettingNotFound."""
    wanted = catalogue.definition(key)
    if wanted is None:
        raise unknown(key)
    return wanted


def unknown(key: str) -> SettingNotFound:
    """The answer where there is no setting of that name."""
    return SettingNotFound(f"There is no setting {key[:80]!r} on this assistant.")


def views(of: Account, found: Assistant, wanted: Iterable[Definition]) -> list[View]:
    """Settings of an assistant that was read."""
    times = ledger.last_changes(of.user.pk, found.id)
    return [
        View(
            setting=catalogue.show(found.document, one),
            updated_at=times.get(one.key, found.summary.updated_at),
            etag=tag(found, one),
        )
        for one in wanted
    ]


def tag(found: Assistant, wanted: Definition) -> str:
    """The ETag of a setting's value."""
    stored = ledger.text(catalogue.held(found.document, wanted))
    return etag(found.id, wanted.key, stored)


def find(of: Account, assistant_id: str | None, *, reload: bool = False) -> Copy[Assistant]:
    """The assistant that is meant.

    Raises:
        AssistantNotFound: there is none, or not that one.
        AssistantAmbiguous: there are several, and none was chosen.
    """
    if assistant_id is not None:
        if not ASSISTANT_ID.fullmatch(assistant_id):
            raise AssistantNotFound
        return copies.assistant(of, _normal(assistant_id), reload=reload)
    if of.default_assistant_id:
        try:
            if not ASSISTANT_ID.fullmatch(of.default_assistant_id):
                raise AssistantNotFound
            return copies.assistant(of, _normal(of.default_assistant_id), reload=reload)
        except AssistantNotFound:
            raise AssistantNotFound(
                "Your default assistant no longer exists at Vapi. Choose another one in Settings."
            ) from None
    try:
        return _only(of, reload)
    except AssistantNotFound:
        # Since the list was read; it is dropped now.
        return _only(of, reload)


def _only(of: Account, reload: bool) -> Copy[Assistant]:
    copy = copies.assistants(of, reload=reload)
    found = copy.value.summaries
    if not found:
        raise AssistantNotFound(
            "There is no assistant at Vapi yet. Create one in Vapi's dashboard first."
        )
    if len(found) > 1:
        choices = [{"id": one.id, "name": one.name} for one in found]
        raise AssistantAmbiguous(extra={"assistants": choices})
    if reload and copy.value.only is not None:
        # The list was read just now, and brought the assistant along.
        return Copy(copy.value.only, as_of=copy.as_of, age=copy.age)
    return copies.assistant(of, found[0].id, reload=reload, unasked=copy.stale)


def _normal(assistant_id: str | None) -> str:
    # Vapi's ids are UUIDs: however they are written, they name one lease and one history.
    return (assistant_id or "").lower()


def _filtered(
    copy: Copy[Any],
    everything: Iterable[T],
    search: str,
    texts: Callable[[T], Iterable[str]],
) -> Copy[list[T]]:
    wanted = search.strip().casefold()
    kept = [
        found for found in everything if any(wanted in text.casefold() for text in texts(found))
    ]
    return Copy(kept, as_of=copy.as_of, age=copy.age, stale=copy.stale)


def matching(found: list[View], *, search: str, custom: bool | None) -> list[View]:
    """The settings whose key, description or value holds the text, and that are custom or not."""
    wanted = search.strip().casefold()
    return [
        view
        for view in found
        if custom in (None, view.setting.custom)
        and any(
            wanted in text.casefold()
            for text in (
                view.setting.key,
                view.setting.description,
                json.dumps(view.setting.value, ensure_ascii=False),
            )
        )
    ]
