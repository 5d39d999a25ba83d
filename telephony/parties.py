"""Whose a webhook of Twilio's is: who has the auth token that it was signed with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import User

from integrations.credentials import store
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for

TWILIO = PROVIDERS["twilio"]
MOST = 50
"""Users of one account that are tried: each costs an unsealing."""


@dataclass(frozen=True)
class Party:
    """Somebody who may have sent a webhook's cause.

    Args:
        user: None for the operator.
        tokens: the account's auth tokens; two while a new one is being promoted.
    """

    user: User | None
    account_sid: str
    tokens: tuple[str, ...] = field(repr=False)

    @property
    def holder(self) -> str:
        """A name for it in rows."""
        return str(self.user.pk) if self.user else OPERATOR


OPERATOR = "operator"


def of_owner(owner: User | None) -> Party | None:
    """Whoever sent something for this user: by the credentials that serve them now."""
    if owner is None:
        return operator()
    try:
        found = credentials_for(user=owner, provider=TWILIO.slug)
    except (CredentialsMissing, CredentialsUnreadable):
        return None
    return _party(owner, found.fields)


def of_row(owner: User | None, account_sid: str) -> Iterator[Party]:
    """Whoever can have sent something for this user with this account: they, or the operator,
    whose account served them until they stored their own."""
    for found in (of_owner(owner), operator()):
        if found and found.account_sid == account_sid:
            yield replace(found, user=owner)


def of_account(account_sid: str) -> Iterator[Party]:
    """Everybody who speaks for an account: its users, the oldest first, then the operator."""
    rows = Credential.objects.select_related("user").filter(
        provider=TWILIO.slug, clear__account_sid=account_sid, user__is_active=True
    )
    for row in rows.order_by("created_at", "pk")[:MOST]:
        try:
            yield _party(row.user, store.open_fields(row, TWILIO))
        except CredentialsUnreadable:
            continue
    found = operator()
    if found and found.account_sid == account_sid:
        yield found


def operator() -> Party | None:
    """The operator's account, if there is one."""
    found = store.operators(TWILIO)
    return _party(None, found.fields) if found else None


def _party(user: User | None, fields: Mapping[str, str]) -> Party:
    tokens = (fields.get("auth_token", ""), fields.get("secondary_auth_token", ""))
    return Party(user, fields.get("account_sid", ""), tuple(filter(None, tokens)))
