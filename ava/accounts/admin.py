from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.accounts import services
from ava.accounts.forms import StaffLoginForm
from ava.accounts.models import Session

# Set here, and not by the site's class: that one is loaded before there are models.
admin.site.login_form = StaffLoginForm


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no argument at run time
    """Who is logged in over REST. Read-only, but for ending a login."""

    list_display = ("user", "network", "created_at", "refreshed_at", "expires_at", "revoked_at")
    list_filter = ("end", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "network")
    fields = (*list_display, "end")
    actions = ("revoke",)

    @admin.action(description="End these logins", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset.filter(revoked_at__isnull=True):
            self.log_change(request, session, "Login ended.")
        ended = services.revoke(queryset, end=Session.End.OPERATOR)
        self.message_user(request, f"Ended {ended} logins. Their tokens are refused from now on.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
