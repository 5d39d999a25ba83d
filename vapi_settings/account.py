"""Account of a user at Vapi: its key, and the generation of its copies (docs/adr/0011)."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Case, OuterRef, Q, Subquery, Value, When

from ava.backup.holding import Restored
from ava.cache import Scope, recent
from ava.cache.recent import RecentValues
from ava.upstream import door
from integrations.credentials import store
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials
from vapi_settings.client import VapiClient
from vapi_settings.errors import VAPI
from vapi_settings.models import AccountGeneration, Revision, token


@dataclass(frozen=True)
class Account:
    """A user's Vapi, as it was when a request began."""

    user: User
    credentials: Credentials
    epoch: str
    generation: str

    @property
    def client(self) -> VapiClient:
        return VapiClient(self.credentials.fields["api_key"])

    @property
    def default_assistant_id(self) -> str | None:
        return self.credentials.fields.get("default_assistant_id") or None

    @cached_property
    def scope(self) -> Scope:
        """Namespace of the account's copies."""
        # The operator's key changes with the environment, and without a generation.
        version = self.credentials.version
        return Scope(self.user.pk, f"{self.epoch}.{version}", f"{self.generation}.{version}")

    def with_new_generation(self, *, of_assistant: str | None = None) -> "Account":
        """The account under a new generation, its old copies left behind; `of_assistant` leaves
        those of all users behind who have seen it, in the caller's transaction.

        What the caller read before may be kept under the new generation: if another request has
        replaced it since this account was found, the generation returned is never looked up.
        """
        own = Q(pk=self.user.pk)
        rows = AccountGeneration.objects.filter(own)
        if of_assistant is not None:
            seen = Revision.objects.filter(assistant_id=of_assistant, number=1)
            all_of_them = AccountGeneration.objects.filter(own | Q(pk__in=seen.values("owner_id")))
            # In one order, so that two edits in an organisation do not wait in a circle.
            locked = all_of_them.order_by("pk").select_for_update().values("pk")
            rows = AccountGeneration.objects.filter(pk__in=locked)
        renewed = replace(self, generation=token())
        rows.update(
            generation=Case(
                When(own & Q(generation=self.generation), then=Value(renewed.generation)),
                default=Value(token()),
            )
        )
        recent.changed()
        return renewed


ACCOUNTS: Final[RecentValues[int, Account]] = RecentValues()
"""Results of `recent_account_of`, by user."""
WORKING: Final[RecentValues[int, bool]] = RecentValues()
"""Results of `is_working`, by user."""


def account_of(user: User) -> Account:
    """The user's Vapi. Raises: CredentialsMissing, CredentialsUnreadable."""
    stored = Credential.objects.filter(user_id=OuterRef("pk"), provider=VAPI.label)
    row = AccountGeneration.objects.filter(pk=user.pk).values_list(
        "epoch", "generation", Subquery(stored.values("version"))
    )
    found = row.first()
    if found is None:
        AccountGeneration.objects.get_or_create(pk=user.pk)
        found = row.get()
    epoch, generation, version = found
    credentials = _credentials(user, epoch, version)
    if credentials.source == "environment":
        # The operator may have taken it away, which is written in no row of the user's.
        operators = store.from_environment(user=user, provider=PROVIDERS[VAPI.label])
        credentials = operators or credentials_for(user=user, provider=VAPI.label)
    return Account(user, credentials, epoch, generation)


def recent_account_of(user: User) -> Account:
    """`account_of` as it was at most a second ago, for reads. Raises: as that does."""
    account = ACCOUNTS.get_or_read(user.pk, lambda: account_of(user))
    if account.credentials.source == "environment":
        # The operator may take them away, which is no change of the user's.
        ACCOUNTS.drop(user.pk)
    return account


def renew_epoch(user: User) -> None:
    """Forget even the last good copies: the key was replaced or refused."""
    new = {"epoch": token(), "generation": token()}
    AccountGeneration.objects.update_or_create(pk=user.pk, defaults=new)
    recent.changed()


def hold(restored: Restored) -> int:
    """Leave all copies in Redis behind: a restored row would find those of its old generation."""
    count, _ = AccountGeneration.objects.all().delete()
    recent.changed()
    return count


def is_working(user: User) -> bool:
    """Whether Vapi is not known to fail for this user, as of a second ago at most."""
    return WORKING.get_or_read(user.pk, works)


def works() -> bool:
    """Whether Vapi is not known to fail."""
    return door(VAPI.label).snapshot().state != "open"


@lru_cache(maxsize=500)
def _credentials(user: User, epoch: str, version: UUID | None) -> Credentials:
    """The user's credentials, opened once: others have another epoch, or, where a release that
    knows of none stored them, another version."""
    return credentials_for(user=user, provider=VAPI.label)


forget = _credentials.cache_clear
