"""Columns that calls and messages share: attempts, status, timeline."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from ava.intents.models import NEWEST, Intent
from ava.intents.states import UNSENT

# A SIP address may be long: https://www.twilio.com/docs/voice/api/sip-making-calls
ADDRESS_LENGTH = 320
SID_LENGTH = 64


class Communication(Intent):
    """A call or a message, wanted or come in. It is stored before the provider is asked.

    The sender first claims the next `attempt`, so that no other sends the same one; `attempted_at`
    stands for as long as its outcome is unknown.
    """

    class Direction(models.TextChoices):
        OUTBOUND = "outbound"
        INBOUND = "inbound"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        db_index=False,  # the indexes below begin with it
        related_name="%(class)ss",
        help_text="Empty for what came in on a number of the operator's own account.",
    )
    direction = models.CharField(
        max_length=8, choices=Direction.choices, default=Direction.OUTBOUND
    )
    to = models.CharField(max_length=ADDRESS_LENGTH)
    from_number = models.CharField("from", max_length=ADDRESS_LENGTH)
    account_sid = models.CharField(max_length=34, blank=True)
    holder = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="Whose provider account it goes through: a user's ID, or operator. The "
        "provider's IDs are this holder's, and say nothing about anybody else's rows.",
    )
    provider_sid = models.CharField(  # noqa: DJ001 - null: not known yet; unique where it is
        max_length=SID_LENGTH, null=True, blank=True
    )
    guessed = models.BooleanField(
        default=False,
        help_text="The provider's answer was lost. AVA found its ID by the numbers and the time, "
        "and the provider has not confirmed it yet.",
    )
    send_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="No attempt is made any more after this."
    )
    first_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="The provider cannot have taken it earlier."
    )
    missing_since = models.DateTimeField(
        null=True, blank=True, help_text="When the provider first had no trace of it."
    )
    stop_requested = models.BooleanField(default=False)
    error_code = models.PositiveIntegerField(null=True, blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=5, null=True, blank=True)
    price_unit = models.CharField(max_length=3, blank=True)
    details = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text="What else the provider sent with one that came in, by its own names.",
    )

    class Meta(Intent.Meta):
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(direction="inbound") | Q(direction="outbound", owner__isnull=False),
                name="%(class)s_out_has_an_owner",
            ),
            models.UniqueConstraint(
                fields=["holder", "provider_sid"], name="%(class)s_provider_sid_of_holder"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # Each filter of the list, in the list's order; `to`, `from` and the correlation ID
            # for operators, too.
            models.Index(fields=["owner", *NEWEST], name="%(class)ss_of_owner_by_time"),
            models.Index(fields=["owner", "status", *NEWEST], name="%(class)ss_by_status"),
            models.Index(fields=["owner", "direction", *NEWEST], name="%(class)ss_by_direction"),
            models.Index(fields=["to", "owner", *NEWEST], name="%(class)ss_by_to"),
            models.Index(fields=["from_number", "owner", *NEWEST], name="%(class)ss_by_from"),
            models.Index(
                fields=["correlation_id", "owner", *NEWEST], name="%(class)ss_by_correlation_id"
            ),
            models.Index(fields=NEWEST, name="%(class)ss_by_time"),
            models.Index(fields=["provider_sid"], name="%(class)ss_by_provider_sid"),
            models.Index(
                fields=["to", "from_number"],
                condition=Q(status__in=sorted(UNSENT)),
                name="%(class)ss_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_number} to {self.to}"

    searched: ClassVar[tuple[str, ...]] = ("to", "from_number", "provider_sid", "correlation_id")
    reference_field: ClassVar[str] = "provider_sid"
    can_be_stopped: ClassVar[bool] = True  # once the provider has it

    @property
    def person(self) -> str:
        """The address of whom it is with."""
        return self.from_number if self.is_inbound else self.to

    @property
    def is_inbound(self) -> bool:
        return self.direction == self.Direction.INBOUND

    @property
    def heading(self) -> str:
        way = "from" if self.is_inbound else "to"
        return f"{self.word.capitalize()} {way} …{self.person[-4:]}"

    @property
    def reference(self) -> str | None:
        """The provider's ID of it."""
        found: str | None = getattr(self, self.reference_field)
        return found

    @property
    def wording(self) -> str:
        """The text as the provider shows it: what is sent between the same numbers with the same
        text looks alike."""
        return ""

    @property
    def is_billed(self) -> bool:
        """Whether it has ended so that it costs something."""
        return self.status in self.machine.billed
