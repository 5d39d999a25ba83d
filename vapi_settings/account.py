"""A user's Vapi: with which key it is asked, and under which generation its copies are filed."""

from dataclasses import dataclass
from functools import lru_cache

from django.contrib.auth.models import User

from ava.cache import Scope
from integrations.credentials import store
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for
from integrations.credentials.store import Credentials
from vapi_settings import generations
from vapi_settings.client import VapiClient
from vapi_settings.errors import VAPI


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

    @property
    def scope(self) -> Scope:
        """Whose copies are meant."""
        return self.scope_at(self.generation)

    def scope_at(self, generation: str) -> Scope:
        """The same at another generation."""
        # The operator's key changes with the environment, and without a generation.
        version = self.credentials.version
        return Scope(self.user.pk, f"{self.epoch}.{version}", f"{generation}.{version}")


def account_of(user: User) -> Account:
    """The user's Vapi. Raises: CredentialsMissing, CredentialsUnreadable."""
    epoch, generation = generations.current(user.pk)
    found = _credentials(user, epoch)
    if found.source == "environment":
        # The operator may have taken it away, which is written in no row of the user's.
        found = store.from_environment(
            user=user, provider=PROVIDERS[VAPI.label]
        ) or credentials_for(user=user, provider=VAPI.label)
    return Account(user, found, epoch, generation)


@lru_cache(maxsize=500)
def _credentials(user: User, epoch: str) -> Credentials:
    """The user's credentials, opened once for an epoch: other ones have another."""
    return credentials_for(user=user, provider=VAPI.label)


forget = _credentials.cache_clear
