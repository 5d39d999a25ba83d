"""Idempotency keys, each with its request and answer."""

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

KEY_LENGTH = 255


class Request(models.Model):
    """A request that must not be done twice, and its answer once there is one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    scope = models.CharField(max_length=64, help_text="The endpoint; each has keys of its own.")
    key = models.CharField(max_length=KEY_LENGTH)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    created_at = models.DateTimeField(db_index=True)
    holder = models.UUIDField(null=True, help_text="Of the attempt under way.")
    lease_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty: not answered yet.")
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("user", "scope", "key"), name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.id}"
