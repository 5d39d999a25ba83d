"""Admin of mails and suppressions. Texts, subjects and recipients are the user's own matter."""

from typing import ClassVar

from django.contrib import admin

from ava.admin import ReadOnlyAdmin
from integrations.email.models import Mail
from integrations.email.suppressions.models import Suppression


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", "backend", "owner", "correlation_id", "error")
    list_filter = ("status", "backend", "created_at")
    list_select_related = ("owner",)
    sortable_by = ("created_at",)
    search_fields = ("correlation_id__exact", "reference__exact", "owner__username__exact")
    search_help_text = "A correlation ID, Resend's ID or a user name; all of it."
    ordering: ClassVar[tuple[str, ...]] = ("-created_at",)
    fields = (
        *("id", "owner", "status", "backend", "holder", "reference", "error", "attempt"),
        *("attempted_at", "template", "transactional", "correlation_id", "created_at"),
        "updated_at",
    )


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("at", "user", "address", "reason", "detail")
    list_filter = ("reason", "at")
    list_select_related = ("user",)
    sortable_by = ("at",)
    search_fields = ("address__exact", "user__username__exact")
    search_help_text = "An address or a user name; all of it."
    ordering: ClassVar[tuple[str, ...]] = ("-at",)
