from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.accounts import services
from ava.accounts.forms import StaffLoginForm
from ava.accounts.models import Session
from ava.admin import ReadOnlyAdmin

# Set here, and not by the site's class: that one is loaded before there are models.
admin.site.login_form = StaffLoginForm


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is logged in over REST. Read-only, but for ending a login."""

    list_display = ("user", "network", "refreshed_at", "revoked_at", "created_at", "expires_at")
    list_filter = ("end", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "network")
    fields = (*list_display, "end")
    actions = ("revoke",)

    @admin.action(description="End these logins", permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset.filter(revoked_at__isnull=True):
            self.log_change(request, session, "Login ended.")
        ended = services.revoke(queryset, end=Session.End.OPERATOR)
        self.message_user(request, f"Ended {ended} logins. Their tokens are refused from now on.")
