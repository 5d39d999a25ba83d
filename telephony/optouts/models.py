"""Opt-outs."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from telephony.intents.models import ADDRESS_LENGTH


class OptOut(models.Model):
    """Opt-out of one person, or its end where `stopped` is false. The latest one holds."""

    holder = models.CharField(max_length=40, help_text="For whom: a user's ID, or operator.")
    number = models.CharField(
        max_length=ADDRESS_LENGTH,
        blank=True,
        help_text="The account's, which they wrote to; empty where a user entered it.",
    )
    person = models.CharField(max_length=ADDRESS_LENGTH, help_text="Whose wish it is.")
    stopped = models.BooleanField(default=True, help_text="Wants no calls and messages.")
    at = models.DateTimeField(default=timezone.now, help_text="Of the wish.")

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["holder", "number", "person"], name="one_opt_out_for_a_pair"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["holder", "person", "at"], name="opt_outs_of_a_person"),
            models.Index(fields=["holder", "-at", "-id"], name="opt_outs_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.person} from {self.number or 'anybody'}"
