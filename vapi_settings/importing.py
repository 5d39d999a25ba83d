"""Let Vapi use a number of the user's Twilio account."""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import User

from ava.accounts.confirmation import confirm_password
from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.services import credentials_for, record_sharing
from vapi_settings import reporting
from vapi_settings.account import account_of
from vapi_settings.assistant_read import AssistantRead
from vapi_settings.errors import VAPI
from vapi_settings.records import PhoneNumber

# https://docs.vapi.ai/api-reference/phone-numbers/create, "twilio"
_VAPIS_NAMES: Final = {
    "account_sid": "twilioAccountSid",
    "auth_token": "twilioAuthToken",
    "api_key_sid": "twilioApiKey",
    "api_key_secret": "twilioApiSecret",
}


def import_number(
    *,
    user: User,
    number: str,
    assistant_id: str | None,
    name: str,
    password: str,
    network: str,
) -> PhoneNumber:
    """Hand a number to Vapi, which replaces its voice URL at Twilio by Vapi's own.

    Twilio's secret goes to whatever organisation the stored Vapi key is of, and whoever holds an
    access token can store a key: hence the password.

    Args:
        number: E.164, of the user's own Twilio account.
        assistant_id: who answers calls to it; None: whom `assistant-request` names.
        name: for people, at most 40 characters; may be empty.
        password: the user's, at AVA.
        network: the client's, from `ava.http.clients.network`.

    Raises:
        PasswordWrong, PasswordNotSet, LoginSlowed: nothing was sent.
        NumberRefused: Vapi does not take it.
        AssistantNotFound, ProviderProblem, CredentialsMissing.
    """
    confirm_password(user=user, password=password, network=network)
    if credentials_for(user=user, provider=VAPI.label).source != "user":
        # In the operator's organisation others' calls could leave from it, or find two to choose.
        raise CredentialsMissing(VAPI.name)
    account = account_of(user)
    twilio = credentials_for(user=user, provider="twilio")
    if twilio.source != "user":
        # Vapi shows what it was given to whoever has the Vapi key: the operator's stay here.
        raise CredentialsMissing("Twilio")
    answering = {}
    if assistant_id:
        answering["assistantId"] = AssistantRead(account).chosen(assistant_id).value.assistant.id
    keys = _keys(twilio.fields)
    record_sharing(user=user, provider="twilio", fields=list(keys), actor=user)
    try:
        return account.client.import_number(
            {
                "provider": "twilio",
                "number": number,
                "smsEnabled": False,
                **({"name": name} if name else {}),
                **answering,
                **reporting.server(user),
                **{_VAPIS_NAMES[name]: value for name, value in keys.items()},
            }
        )
    finally:
        # Whether or not an answer came, the list may be another one now.
        account.raised()


def _keys(fields: Mapping[str, str]) -> dict[str, str]:
    """An API key where the user has one: Vapi needs no more than that."""
    names = ["api_key_sid", "api_key_secret"] if fields.get("api_key_sid") else ["auth_token"]
    return {name: fields[name] for name in ("account_sid", *names)}
