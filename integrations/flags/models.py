"""Feature flags that operators set at run time."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Flag(models.Model):
    """Setting of one flag for everybody. `unset` leaves it to the environment."""

    class State(models.TextChoices):
        ON = "on"
        OFF = "off"
        UNSET = "unset", "as the environment says"

    name = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=5, choices=State.choices, default=State.UNSET)
    note = models.CharField(max_length=200, blank=True, help_text="Why, for your colleagues.")
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class FlagOverride(models.Model):
    class State(models.TextChoices):
        ON = "on"
        OFF = "off"

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="overrides")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=3, choices=State.choices)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["flag", "user"], name="one_override_per_flag_and_user")
        ]

    def __str__(self) -> str:
        return f"{self.flag} for {self.user}: {self.state}"
