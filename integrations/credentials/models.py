"""Credentials of users, their changes, and the use of the operator's."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from ava.sealing.fields import SealedField
from integrations.credentials.providers import PROVIDERS

WEBHOOK_ACCOUNT = "account"
"""Query parameter of a webhook's address: the ID of a `Credential`."""


class Credential(models.Model):
    """Credentials of one user for one provider.

    `secrets` is the sealed JSON of all fields and of `provider`, `clear` a copy of those that are
    no secret: a row in which the two differ does not open (`integrations.credentials.store`).
    `version` is new whenever any of them changes; sealing again under another key leaves it.
    """

    # Made in Python: the secrets are sealed for this row before it is inserted.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="credentials"
    )
    provider = models.CharField(max_length=16)
    clear = models.JSONField(default=dict)
    secrets = SealedField(owner="user")
    version = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["user", "provider"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "provider"], name="one_credential_per_user_and_provider"
            ),
            models.CheckConstraint(
                condition=models.Q(provider__in=tuple(PROVIDERS)), name="credential_provider"
            ),
        ]

    def __str__(self) -> str:
        return f"{PROVIDERS[self.provider].name} credentials of {self.user}"

    @property
    def webhook_url(self) -> str | None:
        """Address for the provider's webhooks; path and query alone without a public address."""
        path = PROVIDERS[self.provider].webhooks
        return f"{settings.PUBLIC_URL or ''}{path}?{WEBHOOK_ACCOUNT}={self.pk}" if path else None


class CredentialChange(models.Model):
    """Change of credentials: names of fields, never values. Outlives credential and users."""

    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        DELETED = "deleted"
        SHARED = "shared", "handed to another provider"

    class Source(models.TextChoices):
        API = "api"
        ADMIN = "admin"
        COMMAND = "command"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    provider = models.CharField(max_length=16)
    action = models.CharField(max_length=8, choices=Action.choices)
    fields = models.JSONField(default=list, help_text="Names of the fields concerned.")
    source = models.CharField(max_length=8, choices=Source.choices)
    correlation_id = models.CharField(max_length=128, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", "provider", "-at"], name="changes_of_a_credential")
        ]

    def __str__(self) -> str:
        return f"{self.provider} credentials {self.action}"


class OperatorUse(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=16)
    day = models.DateField(help_text="In UTC.")
    count = models.PositiveIntegerField(db_default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["-day", "-count"]
        verbose_name = "use of the operator's credentials"
        verbose_name_plural = "uses of the operator's credentials"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "provider", "day"], name="one_operator_use_per_day"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["day"], name="operator_use_by_day")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {PROVIDERS[self.provider].name}, {self.day}: {self.count}"
