"""Calls by an assistant: place one, fetch it, find it again, end it, answer one.

Vapi knows no idempotency key. A call carries AVA's marks in its metadata instead, so that after a
lost answer it can be found among Vapi's calls.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from django.contrib.auth.models import User

from ava.http.problems import Problem
from ava.upstream import ProviderProblem
from integrations.credentials.services import credentials_for
from vapi_settings import queries, reporting
from vapi_settings.account import account_of
from vapi_settings.calls.reply_deadline import ReplyDeadline
from vapi_settings.client import VapiClient
from vapi_settings.errors import (
    VAPI,
    AssistantNotFound,
    CallNotFound,
    OrganisationGone,
    invalid,
)
from vapi_settings.reads import phone_numbers
from vapi_settings.records import PhoneNumber, VapiCall, part

log = structlog.get_logger("vapi_settings")

CLOCKS_DIFFER: Final = timedelta(minutes=2)
CORRELATION_MARK: Final = "ava_correlation_id"


def numbers(*, user: User, reload: bool = False) -> list[PhoneNumber]:
    """Phone numbers at Vapi that can call: not those reached by SIP only. Raises: ProviderProblem,
    CredentialsMissing."""
    return [one for one in phone_numbers(account_of(user), reload=reload).value if one.number]


def number(*, user: User, named: str) -> PhoneNumber:
    """The one of them with these digits. Raises: ValidationFailed, and as `numbers`."""
    # It may have been imported since the last look.
    for reload in (False, True):
        for one in numbers(user=user, reload=reload):
            if one.number == named:
                return one
    raise invalid(f"Vapi does not know {named}. Import it first: POST /vapi/phone-numbers.", "from")


def answering_number(*, user: User, seconds: float) -> PhoneNumber | None:
    """The number at Vapi whose `sipUri` reaches the user's default assistant, or the only assistant
    that has such a number (https://docs.vapi.ai/api-reference/phone-numbers). None also where Vapi
    does not answer in time."""
    return ReplyDeadline(user, seconds).run(partial(_answering_number, user), None)


def _answering_number(user: User) -> PhoneNumber | None:
    try:
        account = account_of(user)
        able = [one for one in phone_numbers(account).value if one.sip_uri and one.assistant_id]
    except Problem as problem:
        log.info("no assistant for an incoming call", code=problem.code)
        return None
    attached = {one.assistant_id for one in able}
    chosen = account.default_assistant_id or (attached.pop() if len(attached) == 1 else None)
    return next((one for one in able if one.assistant_id == chosen), None)


def place(
    *,
    user: User,
    assistant_id: str,
    phone_number_id: str,
    to: str,
    correlation_id: str,
    metadata: Mapping[str, str],
) -> VapiCall:
    """Place a call by an assistant; `metadata` are AVA's marks for `find`, named "ava_...". Raises:
    Problem: no phone was called, unless it is a ProviderUnreachable that is not `unsent`."""
    try:
        found = queries.assistant(user=user, assistant_id=assistant_id).value.assistant
    except ProviderProblem as problem:
        problem.unsent = True
        raise
    marks = {CORRELATION_MARK: correlation_id, **metadata}
    return _client(user).place_call(
        {
            "assistantId": found.id,
            "phoneNumberId": phone_number_id,
            "customer": {"number": to},
            "assistantOverrides": {
                # An override replaces what it names: the assistant's own metadata goes along.
                "metadata": {**part(found.document, "metadata"), **marks},
                # An assistant with a server of its own keeps it, tool calls and all; AVA then
                # asks Vapi for what it needs to know.
                **({} if part(found.document, "server") else reporting.server(user)),
            },
        }
    )


def fetch(*, user: User, call_id: str, metadata: Mapping[str, str]) -> VapiCall:
    """A call as Vapi sees it now. It must carry AVA's marks in `metadata`, as the organisation may
    be the operator's, and its calls other users'; without any it must be of the user's own.

    Raises: CallNotFound, ProviderProblem, CredentialsMissing.
    """
    return _theirs(_client(user, own=not metadata), call_id, metadata)


def find(
    *,
    user: User,
    since: datetime,
    metadata: Mapping[str, str],
    assistant_id: str,
    phone_number_id: str,
) -> list[VapiCall]:
    """The calls placed since then that carry these marks; an empty list means that there are none.
    Raises: OrganisationGone, ProviderProblem (also where there are too many calls to look at)."""
    placed = _client(user).calls(
        since - CLOCKS_DIFFER,
        # As `place` writes it: Vapi's ids are UUIDs, however they were typed in.
        assistantId=assistant_id.lower(),
        phoneNumberId=phone_number_id,
    )
    found = [call for call in placed if metadata.items() <= call.metadata.items()]
    if not found and not _is_theirs(user, assistant_id, phone_number_id):
        raise OrganisationGone
    return found


def _is_theirs(user: User, assistant_id: str, phone_number_id: str) -> bool:
    """Whether the user's organisation has the number, or the assistant, of a call."""
    if any(one.id == phone_number_id for one in phone_numbers(account_of(user)).value):
        return True
    try:
        queries.assistant(user=user, assistant_id=assistant_id)
    except AssistantNotFound:
        return False
    return True


def over_number(*, user: User, number: str, since: datetime) -> list[VapiCall]:
    """All calls since then that Vapi made or took over a number; none where it is not Vapi's.
    Raises: ProviderProblem, CredentialsMissing, CredentialsUnreadable."""
    client = _client(user)
    return [
        call
        for one in numbers(user=user)
        if one.number == number
        for call in client.calls(since - CLOCKS_DIFFER, phoneNumberId=one.id)
    ]


def end(*, user: User, call_id: str, metadata: Mapping[str, str]) -> None:
    """Hang up; `metadata` as for `fetch`. Raises: CallNotControllable (`provider_sid` at Twilio may
    help), CallNotFound, ProviderProblem, CredentialsMissing."""
    client = _client(user, own=not metadata)
    client.end_call(_theirs(client, call_id, metadata))


def _theirs(client: VapiClient, call_id: str, metadata: Mapping[str, str]) -> VapiCall:
    found = client.call(call_id)
    if not metadata.items() <= found.metadata.items():
        raise CallNotFound
    return found


def _client(user: User, *, own: bool = False) -> VapiClient:
    """Vapi on behalf of the user; with `own` never with the operator's key."""
    found = credentials_for(user=user, provider=VAPI.label, own=own)
    return VapiClient(found.fields["api_key"])
