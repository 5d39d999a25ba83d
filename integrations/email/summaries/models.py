"""Summary mails: whether a user wants one after each call by an assistant, and who gets it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class SummarySettings(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="summary_settings",
    )
    enabled = models.BooleanField(db_default=False)
    recipients = models.JSONField(db_default=[], help_text="Addresses.")
    template = models.CharField(max_length=32, db_default="call_summary")
    transcript = models.BooleanField(
        db_default=False, help_text="Whether the mail holds the transcript."
    )
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["user"]
        verbose_name_plural = "summary settings"

    def __str__(self) -> str:
        return f"Summary mails of {self.user}"
