"""What telephony does: for now, the user's numbers and the check of their credentials."""

from django.contrib.auth.models import User

from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials
from telephony.client import TwilioClient
from telephony.errors import TwilioAccountInactive
from telephony.resources import Account, Number


def numbers(*, user: User) -> list[Number]:
    """The phone numbers of the user's Twilio account.

    Raises:
        CredentialsMissing, CredentialsUnreadable: there is nothing to ask Twilio with.
        ProviderProblem: Twilio refused, or did not answer.
    """
    return _client(credentials_for(user=user, provider="twilio")).numbers()


def verify(credentials: Credentials) -> str:
    """Ask Twilio whether it takes the credentials, token and API key both.

    The auth token is needed beside an API key: webhooks are signed with it. A standard API key
    may not read the account, so it is tried on the numbers.

    Returns:
        a sentence for people.

    Raises:
        TwilioAccountInactive: the account is suspended or closed.
        ProviderProblem: Twilio refused, or did not answer.
    """
    fields = credentials.fields
    account = _client_with_token(credentials).account()
    _refuse_inactive(account)
    if fields.get("api_key_sid"):
        _client(credentials).numbers(most=1, page_size=1)
    name = f" (account {account.friendly_name})" if account.friendly_name else ""
    return f"Twilio accepted the credentials{name}."


def _refuse_inactive(account: Account) -> None:
    if account.status in ("suspended", "closed"):
        raise TwilioAccountInactive


def _client(credentials: Credentials) -> TwilioClient:
    """With the API key where there is one: it can be withdrawn without touching the account."""
    fields = credentials.fields
    if fields.get("api_key_sid") and fields.get("api_key_secret"):
        return TwilioClient(
            account_sid=fields["account_sid"],
            username=fields["api_key_sid"],
            password=fields["api_key_secret"],
        )
    return _client_with_token(credentials)


def _client_with_token(credentials: Credentials) -> TwilioClient:
    fields = credentials.fields
    return TwilioClient(
        account_sid=fields["account_sid"],
        username=fields["account_sid"],
        password=fields["auth_token"],
    )
