"""Mails, their recipients and attachments.

A `Mail` is an intent (`ava.intents`): stored with its first attempt before anything is sent. Its
`status` is the worst of its recipients' (`states.overall`); an event of Resend's concerns one
recipient: `states.MAIL.after(recipient.status, reported)` says whether it changes anything.

For webhooks: Resend's ID of a mail is `reference`, together with `holder`, whose account it is.
Every mail that goes to Resend carries the tag `ava_mail` with the ID of its row, so that events
find a mail whose answer was lost and has no `reference` yet.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ava.intents.models import NEWEST, Entry, Intent
from ava.intents.states import PENDING, UNKNOWN, UNSENT
from integrations.email.addresses import key
from integrations.email.metrics import MAILS
from integrations.email.states import MAIL

ADDRESS_LENGTH = 320
REFERENCE_LENGTH = 64
SUBJECT_LENGTH = 255
OPERATOR = "operator"


class Mail(Intent):
    """An e-mail, wanted through AVA."""

    class Backend(models.TextChoices):
        RESEND = "resend"
        SMTP = "smtp"
        STUB = "stub"

    machine = MAIL
    job = "integrations.mail"
    word = "e-mail"
    activity_kind = "mail"
    api_path = "integrations/email/messages"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="mails"
    )
    backend = models.CharField(max_length=8, choices=Backend.choices)
    holder = models.CharField(
        max_length=40, help_text="Whose account it goes through: a user's ID, or operator."
    )
    account = models.CharField(
        max_length=64, blank=True, help_text="Fingerprint of the credentials of its attempts."
    )
    reference = models.CharField(  # noqa: DJ001 - null: not known; unique where it is
        max_length=REFERENCE_LENGTH, null=True, blank=True, help_text="Resend's ID."
    )
    handed_over_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From then on the mail server may have the text.",
    )
    from_email = models.CharField("from", max_length=ADDRESS_LENGTH)
    reply_to = models.JSONField(default=list, blank=True, db_default=[])
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    template = models.CharField(max_length=40, blank=True)
    transactional = models.BooleanField(
        default=True, db_default=True, help_text="Not one that people may unsubscribe from."
    )

    class Meta(Intent.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(status__in=sorted(MAIL.ranks)), name="mail_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(backend__in=["resend", "smtp", "stub"]), name="mail_backend_is_known"
            ),
            models.UniqueConstraint(
                fields=["holder", "reference"], name="mail_reference_of_holder"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", *NEWEST], name="mails_of_owner_by_time"),
            models.Index(fields=["owner", "status", *NEWEST], name="mails_by_status"),
            models.Index(fields=["owner", "backend", *NEWEST], name="mails_by_backend"),
            models.Index(fields=["correlation_id", "owner", *NEWEST], name="mails_by_correlation"),
            models.Index(fields=NEWEST, name="mails_by_time"),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["pending", "unknown"]),
                name="mails_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"e-mail {self.pk}"

    delivery_note = ""
    """Reason why nothing is reported of whether it arrives; see `reports.with_notes`."""
    shown_recipients: list[Any]
    """Its recipients as they are shown; see `queries.shown`."""

    @property
    def shown_attachments(self) -> list[Any]:
        """Its attachments, without their contents."""
        return list(self.attachments.defer("content"))

    def status_changed(self) -> None:
        """Recipients follow until the provider speaks of each; attachments go once it has them."""
        if self.status not in UNSENT:
            self.attachments.update(content=None)
        waiting = self.recipients.filter(status__in=(PENDING, UNKNOWN))
        waiting.update(status=self.status, updated_at=self.updated_at)
        MAILS.labels(self.backend, self.status).inc()

    @property
    def message_id(self) -> str:
        """The header Message-ID (RFC 5322, section 3.6.4)."""
        return f"<{self.pk}@{key(self.from_email).rpartition('@')[2] or 'localhost'}>"


class Recipient(models.Model):
    """One recipient of a mail, and what became of that copy."""

    class Kind(models.TextChoices):
        TO = "to"
        CC = "cc"
        BCC = "bcc"

    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="recipients")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    address = models.CharField(max_length=ADDRESS_LENGTH)
    status = models.CharField(max_length=20)
    detail = models.CharField(max_length=400, blank=True, help_text="What the provider says of it.")
    updated_at = models.DateTimeField(default=timezone.now, help_text="Of the last status.")

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(status__in=sorted(MAIL.ranks)), name="recipient_status_is_known"
            ),
            models.UniqueConstraint(fields=["mail", "address"], name="recipient_once_in_a_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"


class MailAttachment(models.Model):
    """One attachment of a mail. Its content is deleted once the mail is with its provider."""

    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="attachments")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=255)
    size = models.PositiveIntegerField(help_text="In bytes.")
    content = models.BinaryField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.filename


class MailEntry(Entry):
    """One thing that happened to a mail."""

    intent = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="timeline")

    class Meta(Entry.Meta):
        verbose_name_plural = "mail entries"
