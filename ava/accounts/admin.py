from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.accounts import services, stopping
from ava.accounts.forms import StaffLoginForm
from ava.accounts.models import Session
from ava.admin import ReadOnlyAdmin

# Set here, and not by the site's class: that one is loaded before there are models.
admin.site.login_form = StaffLoginForm


admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # no argument at run time
    """Django's page of a user, with a way to end all that goes on for one."""

    actions = ("deactivate",)

    @admin.action(
        description="Deactivate, and stop everything that is under way", permissions=["change"]
    )
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            if user == request.user:
                self.message_user(request, "You cannot deactivate yourself.", messages.WARNING)
                continue
            count = stopping.deactivate(user)
            self.log_change(request, user, "Deactivated, and everything stopped.")
            said = f"{user} is deactivated. {count} calls, messages and batches are stopped."
            self.message_user(request, said)


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
