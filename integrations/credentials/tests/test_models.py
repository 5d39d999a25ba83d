"""Constraints of credentials in the database itself."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS

pytestmark = pytest.mark.database


def test_credentials_of_a_provider_that_ava_does_not_know_are_refused(user: User) -> None:
    with pytest.raises(IntegrityError, match="credential_provider"), transaction.atomic():
        Credential.objects.create(user=user, provider="nobody", secrets="{}")
    assert not Credential.objects.exists()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_that_ava_knows_is_taken(user: User, provider: str) -> None:
    Credential.objects.create(user=user, provider=provider, secrets="{}")
    assert Credential.objects.get().provider == provider
