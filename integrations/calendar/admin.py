"""Admin of calendar connections and of events that AVA created. Tokens are not shown."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.admin import ReadOnlyAdmin
from ava.http.problems import Problem
from integrations.calendar import connections
from integrations.calendar.models import CalendarEvent, Connection


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    list_display = ("user", "provider", "account", "state", "connected_at", "refreshed_at")
    list_filter = ("provider", "state", "connected_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "account")
    exclude = ("tokens",)
    actions = ("disconnect",)

    @admin.action(description="Disconnect: revoke and forget", permissions=["operate"])
    def disconnect(self, request: HttpRequest, chosen: QuerySet[Connection]) -> None:
        for row in chosen.select_related("user"):
            try:
                connections.disconnect(user=row.user, provider=row.provider)
            except Problem as problem:
                self.message_user(request, f"{row}: {problem.detail}", messages.WARNING)
            else:
                self.log_change(request, row, "Disconnected.")
                self.message_user(request, f"{row}: disconnected.")


@admin.register(CalendarEvent)
class CalendarEventAdmin(ReadOnlyAdmin):
    """Titles, texts and attendees are the user's own matter."""

    list_display = ("created_at", "owner", "provider", "status", "starts_at", "error")
    list_filter = ("provider", "status", "created_at")
    list_select_related = ("owner",)
    search_fields = ("correlation_id__exact", "owner__username__exact")
    fields = (
        *("id", "owner", "provider", "status", "error", "attempt", "starts_at", "ends_at"),
        *("reference", "correlation_id", "created_at", "updated_at"),
    )
