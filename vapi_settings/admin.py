"""Revisions, to look at: what changed, who did it, and by which request."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import Truncator

from vapi_settings.models import Revision

SHOWN = 80  # characters


@admin.register(Revision)
class RevisionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no argument at run time
    """Found by correlation ID, assistant, key or owner. Nobody edits history."""

    list_display = (
        "at", "owner", "assistant_id", "key", "number", "was", "became", "by", "source",
        "status", "correlation_id",
    )  # fmt: skip
    list_display_links = ("at",)
    list_filter = ("status", "source", "key")
    list_select_related = ("owner", "by")
    search_fields = ("correlation_id", "assistant_id", "key", "owner__username")
    date_hierarchy = "at"
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    show_full_result_count = False

    @admin.display(description="before")
    def was(self, revision: Revision) -> str | None:
        return _short(revision.before)

    @admin.display(description="after")
    def became(self, revision: Revision) -> str | None:
        return _short(revision.after)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Revision | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Revision | None = None) -> bool:
        return False


def _short(value: str | None) -> str | None:
    """The start of a value, which may have 8 KiB, for a line of the list; the page of the
    revision has all of it."""
    return value if value is None else Truncator(value).chars(SHOWN)
