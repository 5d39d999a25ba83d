"""Let Vapi use a number of the user's Twilio account."""

from collections.abc import Mapping

from django.contrib.auth.models import User

from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.services import credentials_for
from vapi_settings import copies, queries, reporting
from vapi_settings.client import PhoneNumber


def import_number(*, user: User, number: str, assistant_id: str | None, name: str) -> PhoneNumber:
    """Hand a number to Vapi, which replaces its voice URL at Twilio by Vapi's own.

    Args:
        number: E.164, of the user's own Twilio account.
        assistant_id: who answers calls to it; None: whom `assistant-request` names.
        name: for people, at most 40 characters; may be empty.

    Raises:
        NumberRefused: Vapi does not take it.
        AssistantNotFound, ProviderProblem, CredentialsMissing.
    """
    of = copies.account(user)
    twilio = credentials_for(user=user, provider="twilio")
    if twilio.source != "user":
        # Vapi shows what it was given to whoever has the Vapi key: the operator's stay here.
        raise CredentialsMissing("Twilio")
    answering = {"assistantId": queries.find(of, assistant_id).value.id} if assistant_id else {}
    try:
        return of.client.import_number(
            {
                "provider": "twilio",
                "number": number,
                "smsEnabled": False,
                **({"name": name} if name else {}),
                **answering,
                **reporting.server(user),
                **_keys(twilio.fields),
            }
        )
    finally:
        # Whether or not an answer came, the list may be another one now.
        copies.drop(of)


def _keys(fields: Mapping[str, str]) -> dict[str, str]:
    """An API key where the user has one: Vapi needs no more than that."""
    keys = {"twilioAccountSid": fields["account_sid"]}
    if fields.get("api_key_sid"):
        return {
            **keys,
            "twilioApiKey": fields["api_key_sid"],
            "twilioApiSecret": fields["api_key_secret"],
        }
    return {**keys, "twilioAuthToken": fields["auth_token"]}
