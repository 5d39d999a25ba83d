"""Admin of calendar connections: whose they are and how they do. Tokens are not shown."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.admin import ReadOnlyAdmin
from ava.http.problems import Problem
from integrations.calendar import connections
from integrations.calendar.models import Connection


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
