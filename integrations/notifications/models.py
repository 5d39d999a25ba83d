"""Notifications: users who get a mail when something stops their work, and the mails they got."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class NotificationSettings(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_settings",
    )
    enabled = models.BooleanField(db_default=False)
    address = models.CharField(max_length=320, blank=True, db_default="")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["user"]
        verbose_name_plural = "notification settings"

    def __str__(self) -> str:
        return f"Notifications of {self.user}"


class Notice(models.Model):
    """A trouble that a user has, and whether they were written to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    topic = models.CharField(max_length=120)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last there.")
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-since", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "topic"], name="integrations_one_notice")
        ]

    def __str__(self) -> str:
        return self.topic
