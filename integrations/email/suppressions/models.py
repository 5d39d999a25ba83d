"""Suppressions: addresses that a user's mail no longer goes to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

ADDRESS_LENGTH = 320


class Suppression(models.Model):
    class Reason(models.TextChoices):
        BOUNCED = "bounced", "mail to it bounced for good"
        COMPLAINED = "complained", "its reader marked your mail as spam"
        SUPPRESSED = "suppressed", "Resend refuses to send to it"
        USER = "user", "you put it on the list"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,  # the indexes below begin with it
        related_name="suppressions",
    )
    address = models.CharField(
        max_length=ADDRESS_LENGTH, help_text="In the form by which addresses are compared."
    )
    reason = models.CharField(max_length=10, choices=Reason.choices)
    detail = models.CharField(
        max_length=400, blank=True, db_default="", help_text="The provider's words, or a note."
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "address"], name="one_suppression_per_address")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-at", "-id"], name="suppressions_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_reason_display()}"
