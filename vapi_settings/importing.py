"""Import of a number of the user's Twilio account into Vapi."""

from typing import Final

from django.contrib.auth.models import User

from ava.accounts.services import confirm_password
from integrations.credentials.services import credentials_for, record_sharing
from vapi_settings import reporting
from vapi_settings.account import account_of
from vapi_settings.errors import VAPI
from vapi_settings.reads import AssistantRead
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
    name: str,
    password: str,
    network: str,
    assistant_id: str | None = None,
) -> PhoneNumber:
    """Hand a number of the user's own Twilio account to Vapi, which replaces its voice URL there.

    It asks for the password, because Twilio's secret goes to the organisation of the stored Vapi
    key, and an access token alone is enough to store a key.

    Args:
        network: the client's, from `ava.http.clients.network`.
        assistant_id: answers calls to it; None: the one that `assistant-request` names.

    Raises: PasswordWrong, PasswordNotSet, LoginSlowed, NumberRefused, AssistantNotFound,
        ProviderProblem, CredentialsMissing.
    """
    confirm_password(user=user, password=password, network=network)
    # In the operator's organisation others' calls could leave from it, or find two to choose; and
    # Vapi shows what it was given to all who have the Vapi key: the operator's Twilio stays here.
    credentials_for(user=user, provider=VAPI.label, own=True)
    twilio = credentials_for(user=user, provider="twilio", own=True).fields
    account = account_of(user)
    fields = {"provider": "twilio", "number": number, "smsEnabled": False}
    if name:
        fields["name"] = name
    if assistant_id:
        fields["assistantId"] = AssistantRead(account).chosen(assistant_id).value.assistant.id
    # An API key where the user has one: Vapi needs no more than that.
    keys = ["api_key_sid", "api_key_secret"] if twilio.get("api_key_sid") else ["auth_token"]
    given = {field: twilio[field] for field in ("account_sid", *keys)}
    record_sharing(user=user, provider="twilio", fields=list(given))
    try:
        return account.client.import_number(
            fields
            | reporting.server(user)
            | {_VAPIS_NAMES[field]: secret for field, secret in given.items()}
        )
    finally:
        # Whether or not an answer came, the list may be another one now.
        account.with_new_generation()
