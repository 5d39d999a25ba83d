"""Twilio accounts: the one that serves a user, the one that a row went through, their clients."""

from contextlib import suppress

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from ava.intents.timeline import rows_of
from integrations.credentials import store
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials
from telephony.errors import OwnerInactive, TwilioAccountExchanged, TwilioAccountGone
from telephony.intents.channel import Account
from telephony.intents.models import Communication
from telephony.signers import OPERATOR, TWILIO
from telephony.twilio.client import TwilioClient


def serving(user: User) -> tuple[Credentials, Account]:
    """The Twilio credentials that serve the user, and their account. Raises: CredentialsMissing,
    CredentialsUnreadable."""
    found = credentials_for(user=user, provider=TWILIO.slug)
    holder = str(user.pk) if found.source == "user" else OPERATOR
    return found, Account(found.fields["account_sid"], holder)


def holders(user: User) -> set[str]:
    """Holders whose opt-outs count for the user: the user, and the operator where that serves
    them."""
    found = {str(user.pk)}
    with suppress(CredentialsMissing, CredentialsUnreadable):
        found.add(serving(user)[1].holder)
    return found


def own_credentials(user: User) -> Credentials | None:
    """The Twilio credentials that the user stored; None where the operator's serve, or none.
    Raises: CredentialsUnreadable."""
    with suppress(CredentialsMissing):
        return credentials_for(user=user, provider=TWILIO.slug, own=True)
    return None


def active_owner(intent: Communication) -> User:
    """Owner of the next attempt. Raises: OwnerInactive."""
    assert intent.owner is not None  # noqa: S101 - what goes out has one: the table sees to it
    if not intent.owner.is_active:
        raise OwnerInactive
    return intent.owner


def to_send(intent: Communication) -> tuple[Credentials, Account]:
    """The credentials and the account for the next attempt: those of the first one; and what was
    begun with a user's own keys never goes on with the operator's, where it was not counted.
    Raises: OwnerInactive, TwilioAccountExchanged, CredentialsMissing, CredentialsUnreadable."""
    found, account = serving(active_owner(intent))
    begun = Account(intent.account_sid, intent.holder)
    if account != begun and (intent.attempt or account.holder == OPERATOR):
        raise TwilioAccountExchanged(intent.account_sid)
    return found, account


def client_for(intent: Communication) -> TwilioClient:
    """Twilio, with the credentials of the row's holder. Raises: TwilioAccountGone,
    CredentialsUnreadable.

    Another account knows nothing of it, which must never be taken for "not sent"; and a user can
    name any account, and any ID in it, so the operator's never serve what went through a user's.
    """
    if intent.holder == OPERATOR:
        found = store.operators(TWILIO)
    else:
        found = own_credentials(intent.owner) if intent.owner else None
    if found is None or found.fields["account_sid"] != intent.account_sid:
        raise TwilioAccountGone(intent.account_sid)
    return client(found)


def reachable(owner: User) -> set[Account]:
    """The accounts of which something can be looked after for the user: as `client_for` finds."""
    row = store.find(user=owner, provider=TWILIO.slug)
    operators = store.operators(TWILIO)
    found = {Account(row.clear.get("account_sid", ""), str(owner.pk))} if row else set()
    if operators:
        found.add(Account(operators.fields["account_sid"], OPERATOR))
    return found


def name_holder(row: Communication) -> None:
    """Fill in the holder of a row that the previous release wrote, which runs on while the database
    is migrated: as migration 0009 did for older rows."""
    if row.holder:
        return
    known = reachable(row.owner) if row.owner else set()
    own = Account(row.account_sid, str(row.owner_id))
    is_operators = Account(row.account_sid, OPERATOR) in known and own not in known
    inbound = row.direction == row.Direction.INBOUND
    row.holder = own.holder if row.owner and (inbound or not is_operators) else OPERATOR
    # What came in may have been kept by both releases.
    with suppress(IntegrityError), transaction.atomic():
        rows_of(row).filter(pk=row.pk, holder="").update(holder=row.holder)


def client(credentials: Credentials, *, by_key: bool = True) -> TwilioClient:
    """Twilio for credentials: by the API key where there is one, as it can be withdrawn without
    touching the account."""
    fields = credentials.fields
    sid, token = fields["account_sid"], fields["auth_token"]
    key, secret = fields.get("api_key_sid"), fields.get("api_key_secret")
    if by_key and key and secret:
        return TwilioClient(account_sid=sid, username=key, password=secret)
    return TwilioClient(account_sid=sid, username=sid, password=token)
