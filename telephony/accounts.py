"""Whose Twilio account is spoken for: clients for credentials."""

from contextlib import suppress

from django.contrib.auth.models import User

from integrations.credentials import store
from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials
from telephony import parties
from telephony.errors import TwilioAccountExchanged, TwilioAccountGone
from telephony.intents.models import Intent
from telephony.twilio.client import TwilioClient


def credentials_of(user: User) -> Credentials:
    """The Twilio credentials that serve the user.

    Raises:
        CredentialsMissing, CredentialsUnreadable: there are none to use.
    """
    return credentials_for(user=user, provider="twilio")


def default_sender(user: User) -> str | None:
    """The number that the user chose to call from. Raises: CredentialsUnreadable."""
    try:
        return credentials_of(user).fields.get("default_from") or None
    except CredentialsMissing:
        return None


def client_of(user: User) -> TwilioClient:
    """Twilio on behalf of the user. Raises: as `credentials_of`."""
    return client(credentials_of(user))


def client_for(owner: User | None, account_sid: str) -> TwilioClient:
    """Twilio, to look after what went out with this account: as its owner, else as the operator.

    No other account will do: it knows nothing of it, which must never be taken for "not sent".

    Raises:
        TwilioAccountGone: nobody has its credentials any more.
        CredentialsUnreadable: they do not open.
    """
    found = None
    if owner is not None:
        with suppress(CredentialsMissing):
            found = credentials_of(owner)
    for one in (found, store.operators(PROVIDERS["twilio"])):
        if one and one.fields["account_sid"] == account_sid:
            return client(one)
    raise TwilioAccountGone(account_sid)


def sids_for(owner: User) -> set[str]:
    """The accounts of which something can be looked after for the user: as `client_for` finds."""
    row = store.find(user=owner, provider="twilio")
    operators = store.operators(PROVIDERS["twilio"])
    sids = {row.clear.get("account_sid", "") if row else ""}
    return sids | ({operators.fields["account_sid"]} if operators else set())


def credentials_to_send(intent: Intent) -> Credentials:
    """What the next attempt is made with. Wherever one was made, the others follow.

    Raises:
        TwilioAccountExchanged: the owner has stored another since the first attempt.
        CredentialsMissing, CredentialsUnreadable: there is nothing to send with.
    """
    assert intent.owner is not None  # noqa: S101 - what goes out has one: the table sees to it
    found = credentials_of(intent.owner)
    if intent.attempt and found.fields["account_sid"] != intent.account_sid:
        raise TwilioAccountExchanged(intent.account_sid)
    return found


def client(credentials: Credentials) -> TwilioClient:
    """With the API key where there is one: it can be withdrawn without touching the account."""
    fields = credentials.fields
    if fields.get("api_key_sid") and fields.get("api_key_secret"):
        return TwilioClient(
            account_sid=fields["account_sid"],
            username=fields["api_key_sid"],
            password=fields["api_key_secret"],
            version=credentials.version,
        )
    return client_with_token(credentials)


def client_with_token(credentials: Credentials) -> TwilioClient:
    fields = credentials.fields
    return TwilioClient(
        account_sid=fields["account_sid"],
        username=fields["account_sid"],
        password=fields["auth_token"],
        version=credentials.version,
    )


def holder_of(user: User, credentials: Credentials) -> str:
    """Whose account it is, as rows name it: the user's, or the operator's."""
    return str(user.pk) if credentials.source == "user" else parties.OPERATOR
