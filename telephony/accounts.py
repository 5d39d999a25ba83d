"""Whose Twilio account is spoken for: clients for credentials."""

from contextlib import suppress

from django.contrib.auth.models import User

from integrations.credentials import store
from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials
from telephony import parties
from telephony.errors import OwnerInactive, TwilioAccountExchanged, TwilioAccountGone
from telephony.intents.channel import Account
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


def client_for(intent: Intent) -> TwilioClient:
    """Twilio, to look after what went through an account: with the credentials of its holder.

    No other account will do: it knows nothing of it, which must never be taken for "not sent". And
    the operator's never serve what went through a user's own: a user can name any account, and any
    ID in it.

    Raises:
        TwilioAccountGone: nobody has its credentials any more.
        CredentialsUnreadable: they do not open.
    """
    found = None
    if intent.holder == parties.OPERATOR:
        found = store.operators(PROVIDERS["twilio"])
    elif intent.owner is not None:
        found = own_credentials(intent.owner)
    if found is None or found.fields["account_sid"] != intent.account_sid:
        raise TwilioAccountGone(intent.account_sid)
    return client(found)


def own_credentials(user: User) -> Credentials | None:
    """The Twilio credentials that the user stored; None where the operator's serve, or none.
    Raises: CredentialsUnreadable."""
    with suppress(CredentialsMissing):
        found = credentials_of(user)
        return found if found.source == "user" else None
    return None


def reachable(owner: User) -> set[Account]:
    """The accounts of which something can be looked after for the user: as `client_for` finds."""
    row = store.find(user=owner, provider="twilio")
    operators = store.operators(PROVIDERS["twilio"])
    found = {Account(row.clear.get("account_sid", ""), str(owner.pk))} if row else set()
    if operators:
        found.add(Account(operators.fields["account_sid"], parties.OPERATOR))
    return found


def credentials_to_send(intent: Intent) -> Credentials:
    """What the next attempt is made with. Wherever one was made, the others follow; and what was
    begun with a user's own keys never goes on with the operator's, where it was not counted.

    Raises:
        OwnerInactive: nothing leaves for its owner any more.
        TwilioAccountExchanged: other credentials serve the owner since it began.
        CredentialsMissing, CredentialsUnreadable: there is nothing to send with.
    """
    owner = active_owner(intent)
    found = credentials_of(owner)
    account, begun = account_of(owner, found), Account(intent.account_sid, intent.holder)
    if account != begun and (intent.attempt or account.holder == parties.OPERATOR):
        raise TwilioAccountExchanged(intent.account_sid)
    return found


def active_owner(intent: Intent) -> User:
    """Whom the next attempt is made for. Raises: OwnerInactive."""
    assert intent.owner is not None  # noqa: S101 - what goes out has one: the table sees to it
    if not intent.owner.is_active:
        raise OwnerInactive
    return intent.owner


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


def account_of(user: User, credentials: Credentials) -> Account:
    """The account of credentials that serve the user, and whose it is."""
    holder = str(user.pk) if credentials.source == "user" else parties.OPERATOR
    return Account(credentials.fields["account_sid"], holder)
