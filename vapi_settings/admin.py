"""Admin of revisions: what changed, who did it, and by which request."""

from typing import ClassVar

from django.contrib import admin
from django.utils.text import Truncator

from ava.admin import ReadOnlyAdmin
from ava.observability.redaction import without_passwords
from vapi_settings.models import Revision

SHOWN = 80  # characters


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Found by correlation ID, assistant, key or owner; read-only."""

    list_display = (
        "at", "key", "was", "became", "correlation_id", "status", "by", "source", "owner",
        "assistant_id", "number",
    )  # fmt: skip
    list_display_links = ("at",)
    list_filter = ("status", "source")
    list_select_related = ("owner", "by")
    search_fields = ("correlation_id", "assistant_id", "key", "owner__username")
    search_help_text = "A correlation ID, an assistant's ID, a key or a user name."
    date_hierarchy = "at"
    ordering: ClassVar[tuple[str, ...]] = ("-id",)

    @admin.display(description="before")
    def was(self, revision: Revision) -> str | None:
        return _short(revision.before)

    @admin.display(description="after")
    def became(self, revision: Revision) -> str | None:
        return _short(revision.after)


def _short(value: str | None) -> str | None:
    """The start of a value, for the list; the revision's page has all of it."""
    return value if value is None else Truncator(without_passwords(value)).chars(SHOWN)
