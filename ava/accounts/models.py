"""Token families, personal API tokens and wrong passwords. Users are Django's own."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ava.cache import recent


class Revocable(models.QuerySet[Any]):
    """Logins, or API tokens."""

    def living(self) -> Self:
        return self.filter(revoked_at__isnull=True)

    def revoke(self, end: str) -> int:
        """Revoke the rows: they, and access tokens of the logins, are refused from now on."""
        ended = self.living().order_by().update(revoked_at=timezone.now(), end=end)
        recent.changed()
        return ended


def _reasoned(name: str) -> models.CheckConstraint:
    """A row is revoked for a reason, or not at all."""
    living, revoked = Q(revoked_at__isnull=True, end=""), Q(revoked_at__isnull=False) & ~Q(end="")
    return models.CheckConstraint(name=name, condition=living | revoked)


class Session(models.Model):
    """One login over REST: the family of all tokens that descend from it.

    No token is stored, only the `jti` of the one refresh token that is good now.
    """

    class End(models.TextChoices):
        LOGOUT = "logout", "logged out"
        REUSE = "reuse", "a used refresh token came again"
        PASSWORD = "password", "the password was changed"
        OPERATOR = "operator", "revoked by an operator"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    refresh_jti = models.CharField(max_length=32)
    # The one that was swapped for it, and when that was known to be stored; null until then.
    swapped_jti = models.CharField(max_length=32, blank=True, default="", db_default="")
    swapped_at = models.DateTimeField(null=True, blank=True)
    # Django's HMAC over the password hash: changes with the password, says nothing about it.
    password_mark = models.CharField(max_length=64)
    network = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=16, choices=End.choices, blank=True)

    objects = Revocable.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [_reasoned("session_revoked_with_reason")]
        indexes = [models.Index(fields=["user", "network"], name="session_user_network")]

    def __str__(self) -> str:
        return f"session {self.id}"


class ApiToken(models.Model):
    """A personal API token: for scripts, which cannot rotate a refresh token.

    The token itself is not stored, only its hash. It has more randomness than anybody can guess, so
    a slow hash would only cost time at each request.
    """

    class Scope(models.TextChoices):
        READ = "read", "read"
        WRITE = "write", "read and write"

    class End(models.TextChoices):
        USER = "user", "revoked by its user"
        OPERATOR = "operator", "revoked by an operator"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=16, choices=End.choices, blank=True)
    # Of the request that made it.
    network = models.CharField(max_length=45)
    correlation_id = models.CharField(max_length=128)

    objects = Revocable.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"
        constraints = [_reasoned("api_token_revoked_with_reason")]
        indexes = [models.Index(fields=["user", "-created_at"], name="api_token_user")]

    def __str__(self) -> str:
        return f"API token {self.name} (...{self.last_four})"


class WrongPasswords(models.Model):
    """Wrong passwords in a row for one account or network; `key` is an HMAC of what was typed."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    not_before = models.DateTimeField()

    class Meta:
        verbose_name_plural = "wrong passwords"

    def __str__(self) -> str:
        return f"{self.count} wrong passwords"
