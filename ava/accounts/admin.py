"""Users, groups, logins and API tokens: only superusers say who may do what."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.accounts import queries, services
from ava.accounts.forms import SlowedLogin
from ava.accounts.models import ApiToken, Revocable, Session
from ava.admin import AvaAdmin, ReadOnlyAdmin

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class StaffLoginForm(SlowedLogin, AdminAuthenticationForm):
    """Django's, slowed down. A right password of somebody who is no operator counts as wrong,
    because the form says so."""


# Set here, and not by the site's class: that one is loaded before there are models.
admin.site.login_form = StaffLoginForm

admin.site.unregister((User, Group))


class AccountForm(UserChangeForm):  # type: ignore[type-arg]  # no argument at run time
    """A user's page. An e-mail address names one account: with two it would log in neither."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and queries.is_email_taken(email, besides=self.instance):
            raise ValidationError("Another account has this e-mail address.")
        return email


@admin.register(User)
class AccountAdmin(AvaAdmin, UserAdmin):  # type: ignore[type-arg]  # no argument at run time
    """Admin page of a user. Only superusers give permissions or change the accounts of staff."""

    actions = ("deactivate",)
    form = AccountForm

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_theirs(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _is_superuser(request) else (*fixed, *POWERS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the user; clearing Active does the same as the action."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            # Not in the page's one transaction: there may be a hundred thousand messages to stop.
            transaction.on_commit(lambda: self._stop(request, obj))

    def _stop(self, request: HttpRequest, user: User) -> None:
        count = services.deactivate(user)
        message = f"{user} is deactivated. {count} calls, messages and batches are stopped."
        self.message_user(request, message)

    @admin.action(
        description="Deactivate, and stop everything that is under way", permissions=["change"]
    )
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            if user == request.user:
                self.message_user(request, "You cannot deactivate yourself.", messages.WARNING)
                continue
            if not self.has_change_permission(request, user):
                message = f"Only a superuser may deactivate {user}."
                self.message_user(request, message, messages.WARNING)
                continue
            self._stop(request, user)
            self.log_change(request, user, "Deactivated, and everything stopped.")


@admin.register(Group)
class RoleAdmin(AvaAdmin, GroupAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request)

    has_change_permission = has_delete_permission = has_add_permission


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _is_theirs(request: HttpRequest, user: User | None) -> bool:
    return _is_superuser(request) or user is None or not (user.is_staff or user.is_superuser)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("user", "network", "refreshed_at", "revoked_at", "created_at", "expires_at")
    list_filter = ("end", "created_at")
    search_fields = ("user__username", "user__email", "network")
    fields = (*list_display, "end")
    actions = ("revoke",)

    @admin.action(description="End these logins", permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: Revocable) -> None:
        for session in queryset.living():
            self.log_change(request, session, "Login ended.")
        ended = queryset.revoke(Session.End.OPERATOR)
        self.message_user(request, f"Ended {ended} logins. Their tokens are refused from now on.")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Personal API tokens. Read-only, but for revoking one."""

    list_display = (
        "name", "last_four", "user", "scope", "last_used_at", "expires_at", "revoked_at",
        "created_at",
    )  # fmt: skip
    list_filter = ("scope", "end", "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "last_four", "user__username", "user__email", "correlation_id")
    fields = (*list_display, "end", "network", "correlation_id")
    actions = ("revoke",)

    @admin.action(description="Revoke these API tokens", permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: Revocable) -> None:
        for token in queryset.living():
            self.log_change(request, token, "API token revoked.")
        ended = queryset.revoke(ApiToken.End.OPERATOR)
        self.message_user(request, f"Revoked {ended} API tokens. They are refused from now on.")
