"""Change one setting of an assistant, or put back what it held: docs/adr/0004."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.credentials.store import Credentials
from vapi_settings import catalogue, errors, ledger, queries
from vapi_settings.account import account_of
from vapi_settings.assistant_edit import AssistantEdit
from vapi_settings.assistant_read import AssistantRead
from vapi_settings.catalogue import Definition, ValueRefused
from vapi_settings.client import Assistant, VapiClient
from vapi_settings.diff import ABSENT
from vapi_settings.models import Revision

Clock = Callable[[], datetime]


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
        EditInProgress: another edit is under way.
        WriteUnconfirmed: whether it was done is not known yet.
        WriteNotKept: Vapi accepted it and holds something else.
        AssistantNotFound, AssistantAmbiguous, ProviderProblem, CredentialsMissing.
    """
    wanted = catalogue.definition(key)
    if wanted is None:
        raise errors.invalid(
            "A key is 1 to 64 characters: small letters, digits and _, beginning with a letter.",
            field="key",
        )
    checked = _checked(wanted, value, None)
    return AssistantEdit(
        account_of(user),
        wanted,
        target_value=lambda found: _checked(wanted, checked, found),
        source=source,
        if_match=if_match,
        requested=checked,
        now=now,
    ).run(assistant_id)


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
    account = account_of(user)
    target = AssistantRead(account).chosen_id(assistant_id)
    row = queries.shown(user, target, key).filter(number=revision).first()
    if row is None:
        # It may be one that AVA has not looked at yet.
        target = AssistantRead(account).chosen(assistant_id).value.assistant.id
        row = queries.shown(user, target, key).filter(number=revision).first()
    if row is None:
        if wanted.custom and not queries.shown(user, target, key).exists():
            raise queries.unknown(key)
        raise errors.RevisionNotFound(f"There is no revision {revision} of {key}.")
    value = ledger.value(row.after)
    view = AssistantEdit(
        account,
        wanted,
        target_value=lambda _: value,
        source=Revision.Source.REVERT,
        if_match=if_match,
        requested=None if value is ABSENT else value,
        now=now,
    ).run(assistant_id)
    return view if view.setting.is_set or not wanted.custom else None


def _checked(wanted: Definition, value: Any, found: Assistant | None) -> Any:
    try:
        return catalogue.check(wanted, value, found.document if found else None)
    except ValueRefused as refused:
        raise errors.invalid(str(refused)) from None
