"""Admin of activity, for looking."""

from django.contrib import admin

from ava.activity.models import Activity
from ava.admin import ReadOnlyAdmin


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    """Activity, the newest first; read-only."""

    list_display = ("at", "owner", "kind", "summary", "status", "failed", "duration_ms")
    list_filter = ("kind", "failed", "at")
    sortable_by = ("at",)
    list_select_related = ("owner",)
    search_fields = ("correlation_id__exact",)
    search_help_text = "A whole correlation ID."
