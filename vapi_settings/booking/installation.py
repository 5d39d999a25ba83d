"""Booking tools in an assistant: installed and taken away by the safe edit (docs/adr/0004)."""

from typing import Any, Final

from django.contrib.auth.models import User

from ava.cache import Copy
from ava.http.problems import Conflict
from integrations.credentials import store, webhook_accounts
from vapi_settings import queries, reporting
from vapi_settings import services as edits
from vapi_settings.booking import services, tools
from vapi_settings.diff import ABSENT, same
from vapi_settings.errors import VAPI
from vapi_settings.own_tools import BOOKING
from vapi_settings.reads import Seen

STATES: Final = {
    "none": "the assistant does not have the tools",
    "installed": "it has them",
    "outdated": "it has them as they were: install them again",
}


class WebhookSecretMissing(Conflict):
    code = "webhook_secret_missing"
    detail = (
        "AVA could not tell that it is Vapi that asks. Store a webhook_secret with your Vapi "
        "credentials first."
    )


def state(*, user: User, assistant_id: str | None, reload: bool = False) -> tuple[str, Copy[Seen]]:
    """A name in STATES, and the assistant. Raises: as `queries.assistant`."""
    copy = queries.assistant(user=user, assistant_id=assistant_id, reload=reload)
    held = BOOKING.held(copy.value.assistant.document)
    if held is ABSENT:
        return "none", copy
    is_current = any(
        same(held, BOOKING.recorded(_definitions(user, server)))
        for server in (reporting.server(user), {})
    )
    return "installed" if is_current else "outdated", copy


def can_be_proven(user: User) -> bool:
    """Whether AVA could tell that it is Vapi that asks for the tools."""
    return webhook_accounts.fields_of(store.find(user=user, provider=VAPI.label)) is not None


def install(*, user: User, assistant_id: str | None, source: str) -> None:
    """Give the assistant the tools as they are now. They ask AVA at its public address; where it
    has none, the assistant's server is asked. Raises: WebhookSecretMissing, and as
    `edits.change_setting`."""
    if not can_be_proven(user):
        raise WebhookSecretMissing
    edits.change_own_tools(
        user=user,
        wanted=BOOKING,
        value=_definitions(user, reporting.server(user)),
        source=source,
        assistant_id=assistant_id,
    )


def uninstall(*, user: User, assistant_id: str | None, source: str) -> None:
    """Take the tools away. Raises: as `edits.change_setting`."""
    edits.change_own_tools(
        user=user, wanted=BOOKING, value=ABSENT, source=source, assistant_id=assistant_id
    )


def _definitions(user: User, server: dict[str, Any]) -> list[dict[str, Any]]:
    return tools.definitions(services.settings_of(user), server)
