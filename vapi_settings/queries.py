"""Reads of settings, their history, assistants and phone numbers."""

import json

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet

from ava.cache import Copy
from ava.conf.pasted import folded
from ava.http.problems import Problem
from vapi_settings import catalogue, ledger, reads
from vapi_settings.account import Account, recent_account_of
from vapi_settings.catalogue import Definition, Setting
from vapi_settings.errors import RevisionNotFound, SettingNotFound
from vapi_settings.models import Revision
from vapi_settings.reads import AssistantRead, Seen
from vapi_settings.records import PhoneNumber, Summary


def settings(copy: Copy[Seen]) -> list[Setting]:
    """All settings of an assistant: the standard ones, then the custom ones by name."""
    return [copy.value.show(one) for one in catalogue.present(copy.value.assistant.document)]


def setting(
    *, user: User, key: str, assistant_id: str | None = None, reload: bool = False
) -> tuple[Setting, Copy[Seen]]:
    """One setting of an assistant. Raises: SettingNotFound, and as `assistant`."""
    wanted = definition(key)
    copy = assistant(user=user, assistant_id=assistant_id, reload=reload)
    found = copy.value.show(wanted)
    if not found.exists:
        raise unknown(key)
    return found, copy


def history(*, user: User, key: str, assistant_id: str | None = None) -> QuerySet[Revision]:
    """Revisions of a setting, the newest first, even while Vapi is down. Raises: as `setting`."""
    wanted = definition(key)
    account = recent_account_of(user)
    named = (assistant_id or account.default_assistant_id or "").lower()
    try:
        seen = AssistantRead(account).chosen(assistant_id).value
    except reads.OUTAGES:
        rows = shown(user, named, key)
        if not rows.exists():
            raise
        return rows
    rows = shown(user, seen.assistant.id, key)
    if not seen.show(wanted).exists and not rows.exists():
        raise unknown(key)
    return rows


def shown(user: User, assistant_id: str, key: str) -> QuerySet[Revision]:
    """Revisions that users see: without changes that were never made."""
    return (
        ledger.revisions(user.pk, assistant_id)
        .filter(key=key)
        .exclude(status__in=Revision.NEVER_MADE)
        .select_related("by")
        .order_by("-number")
    )


def newest(*, user: User, assistant_id: str) -> dict[str, Revision]:
    """The newest of the revisions that users see, by key."""
    rows = ledger.revisions(user.pk, assistant_id).exclude(status__in=Revision.NEVER_MADE)
    followed = rows.filter(key=OuterRef("key"), number__gt=OuterRef("number"))
    return {row.key: row for row in rows.filter(~Exists(followed)).select_related("by")}


def revision(
    account: Account, wanted: Definition, number: int, assistant_id: str | None
) -> Revision:
    """One of the revisions that users see. Raises: SettingNotFound, RevisionNotFound."""
    read = AssistantRead(account)
    rows = shown(account.user, read.chosen_id(assistant_id), wanted.key)
    row = rows.filter(number=number).first()
    if row is None:
        # It may be one that AVA has not looked at yet.
        rows = shown(account.user, read.chosen(assistant_id).value.assistant.id, wanted.key)
        row = rows.filter(number=number).first()
    if row is None and wanted.custom and not rows.exists():
        raise unknown(wanted.key)
    if row is None:
        raise RevisionNotFound(f"There is no revision {number} of {wanted.key}.")
    return row


def assistants(*, user: User, search: str = "", reload: bool = False) -> Copy[list[Summary]]:
    """The user's assistants, those whose name or id holds the text."""
    copy = AssistantRead(recent_account_of(user), reload=reload).listed()
    kept = [one for one in copy.value if _holds(search, one.name, one.id)]
    return Copy(kept, as_of=copy.as_of, stale=copy.stale)


def choices(user: User) -> dict[str, list[tuple[str, str]]]:
    """Assistants to choose the default one from; none while Vapi cannot be asked."""
    try:
        found = assistants(user=user).value
    except Problem:
        return {}
    return {"default_assistant_id": [(one.id, one.name or one.id) for one in found]}


def names(user: User, *, may_ask: bool = False) -> dict[str, str]:
    """Names of the user's assistants by ID, from a copy of whatever age.

    Args:
        may_ask: Vapi is asked where there is no copy; none while it does not answer.
    """
    try:
        account = recent_account_of(user)
        copy = reads.LISTS.newest(account.scope, reads.ALL)
        found = copy.value if copy else AssistantRead(account).listed().value if may_ask else ()
    except Problem:
        return {}
    return {one.id: one.name or one.id for one in found}


def assistant(*, user: User, assistant_id: str | None, reload: bool = False) -> Copy[Seen]:
    """The assistant that is named, else the user's default one, else the only one. Raises:
    AssistantNotFound, AssistantAmbiguous, ProviderProblem, CredentialsMissing."""
    return AssistantRead(recent_account_of(user), reload=reload).chosen(assistant_id)


def phone_numbers(*, user: User, search: str = "", reload: bool = False) -> Copy[list[PhoneNumber]]:
    """The user's phone numbers at Vapi, those whose name or number holds the text."""
    copy = reads.phone_numbers(recent_account_of(user), reload=reload)
    kept = [one for one in copy.value if _holds(search, one.name, one.number)]
    return Copy(kept, as_of=copy.as_of, stale=copy.stale)


def definition(key: str) -> Definition:
    """The setting of that name. Raises: SettingNotFound."""
    wanted = catalogue.definition(key)
    if wanted is None:
        raise unknown(key)
    return wanted


def unknown(key: str) -> SettingNotFound:
    """The answer where there is no setting of that name."""
    return SettingNotFound(f"There is no setting {key[:80]!r} on this assistant.")


def matching(found: list[Setting], *, search: str, custom: bool | None) -> list[Setting]:
    """The settings whose key, description or value holds the text, and that are custom or not."""
    return [
        one
        for one in found
        if custom in (None, one.definition.custom)
        and _holds(
            search,
            one.definition.key,
            one.definition.description,
            json.dumps(one.value, ensure_ascii=False),
        )
    ]


def _holds(search: str, *texts: str) -> bool:
    wanted = folded(search)
    return any(wanted in folded(text) for text in texts)
