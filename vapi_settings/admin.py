"""Revisions, to look at: what changed, who did it, and by which request."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from vapi_settings.models import Revision


@admin.register(Revision)
class RevisionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no argument at run time
    """Found by correlation ID, assistant, key or owner. Nobody edits history."""

    list_display = (
        "at", "owner", "assistant_id", "key", "number", "before", "after", "by", "source",
        "status", "correlation_id",
    )  # fmt: skip
    list_display_links = ("at",)
    list_filter = ("status", "source", "key")
    list_select_related = ("owner", "by")
    search_fields = ("correlation_id", "assistant_id", "key", "owner__username")
    date_hierarchy = "at"
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Revision | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Revision | None = None) -> bool:
        return False
