"""Signers of Twilio's webhooks: who has the auth token of an account."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import User
from django.db.models import QuerySet

from integrations.credentials import store
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS

TWILIO = PROVIDERS["twilio"]
OPERATOR = "operator"
SIGNING = ("auth_token", "secondary_auth_token")
MOST = 50  # users of an account that are tried where the address names none: each is unsealed


@dataclass(frozen=True)
class Signer:
    """One who may have signed a webhook: a user, or the operator (None).

    Args:
        secrets: of the account, by the names of their fields.
        whose: those are, for people.
    """

    user: User | None
    account_sid: str
    secrets: Mapping[str, str] = field(repr=False)
    whose: str

    @property
    def holder(self) -> str:
        """A name for it in rows."""
        return str(self.user.pk) if self.user else OPERATOR

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that Twilio signs with; two while a new one is being promoted."""
        return tuple(self.secrets[name] for name in SIGNING if name in self.secrets)


def operator() -> Signer | None:
    """The operator's account, if there is one."""
    found = store.operators(TWILIO)
    return _signer(None, found.fields) if found else None


def of_owner(owner: User | None) -> Signer | None:
    """The account whose credentials a user stored."""
    return _of(_stored().filter(user=owner).first()) if owner else None


def of_row(owner: User | None, *, holder: str, account_sid: str) -> Signer | None:
    """The account that a row went through, whatever serves its owner by now: its tokens prove what
    is reported of the row."""
    found = operator() if holder == OPERATOR else of_owner(owner)
    return replace(found, user=owner) if found and found.account_sid == account_sid else None


def of_account(
    account_sid: str, *, most: int | None = None, with_inactive: bool = False
) -> Iterator[Signer]:
    """Signers who name an account: at most `most` users, the oldest first, then the operator.
    Any user can name any account; only its token proves it."""
    rows = _stored().filter(clear__account_sid=account_sid).order_by("created_at", "pk")
    for row in (rows if with_inactive else rows.filter(user__is_active=True))[:most]:
        if found := _of(row):
            yield found
    found = operator()
    if found and found.account_sid == account_sid:
        yield found


def named(account: str) -> Signer | None:
    """The user whose account a delivery's address names, by the ID of their credentials."""
    try:
        key = uuid.UUID(account)
    except ValueError:
        return None
    return _of(_stored().filter(pk=key, user__is_active=True).first())


def sharing(holder: str, account_sid: str) -> frozenset[str]:
    """The holders who share an account: all that know its auth token, which proves it. Deactivated
    users, too: what they sent stays theirs, and a STOP holds when they are back."""
    known = list(of_account(account_sid, with_inactive=True)) if account_sid else []
    tokens = {token for one in known if one.holder == holder for token in one.tokens}
    return frozenset({holder} | {one.holder for one in known if tokens.intersection(one.tokens)})


def _stored() -> QuerySet[Credential]:
    return Credential.objects.select_related("user").filter(provider=TWILIO.slug)


def _of(row: Credential | None) -> Signer | None:
    fields = store.readable(row) if row else None
    return _signer(row.user, fields) if row and fields else None


def _signer(user: User | None, fields: Mapping[str, str]) -> Signer:
    secrets = {name: fields[name] for name in sorted(TWILIO.secret_names) if fields.get(name)}
    whose = f"user {user.get_username()} ({user.pk})" if user else "the operator"
    return Signer(user, fields.get("account_sid", ""), secrets, whose)
