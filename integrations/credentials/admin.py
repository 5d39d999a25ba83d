"""Admin of credentials: secrets are stored and replaced without being shown."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from ava.admin import AvaAdmin, ReadOnlyAdmin
from integrations.credentials import registry, services
from integrations.credentials.forms import form_for
from integrations.credentials.models import Credential, CredentialChange, OperatorUse
from integrations.credentials.providers import BY_FIELDS, PROVIDERS

_SHOWN_CHANGES = 20


@method_decorator(sensitive_post_parameters(), name="changeform_view")
@admin.register(Credential)
class CredentialAdmin(AvaAdmin):
    """Every change goes through `integrations.credentials.services`, which records it."""

    list_display = ("user", "provider_name", "updated_at", "stored", "key_id")
    list_filter = ("provider", "updated_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)

    @admin.display(description="provider", ordering="provider")
    def provider_name(self, row: Credential) -> str:
        return PROVIDERS[row.provider].name

    @admin.display(description="key")
    def key_id(self, row: Credential) -> str:
        """The key of AVA_KEYS that sealed it."""
        return row.secrets.key_id or "damaged"

    @admin.display(description="stored")
    def stored(self, row: Credential) -> str:
        described = services.describe_row(row)
        if not described.readable:
            return "cannot be read: its key is lost or it was tampered with"
        return ", ".join(f"{k}: {v}" for k, v in described.fields.items() if v is not None)

    @admin.display(description="changes")
    def changes(self, row: Credential) -> SafeString:
        """List of the latest changes."""
        found = services.changes(user=row.user, provider=row.provider)[:_SHOWN_CHANGES]
        lines = format_html_join(
            "",
            "<li>{}: {} {} {} ({}, {})</li>",
            (
                (
                    f"{each.at:%Y-%m-%d %H:%M:%S} UTC",
                    each.actor or "a deleted user",
                    each.action,
                    ", ".join(each.fields),
                    each.source,
                    each.correlation_id or "no correlation ID",
                )
                for each in found
            ),
        )
        return format_html("<ul>{}</ul>", lines)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.GET.get("provider") in BY_FIELDS or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        return TemplateResponse(
            request,
            "admin/integrations/credential/choose_provider.html",
            {
                **self.admin_site.each_context(request),
                "title": "Add credentials",
                "opts": self.opts,
                "providers": [PROVIDERS[slug] for slug in BY_FIELDS],
            },
        )

    def get_form(
        self, request: HttpRequest, obj: Credential | None = None, change: bool = False, **kw: Any
    ) -> Any:
        stored = services.describe_row(obj) if obj else None
        provider = PROVIDERS[obj.provider if obj else request.GET["provider"]]
        form = form_for(provider, stored)
        if obj:
            return form
        # By way of Django, which gives the user's field its search box.
        kw["fields"] = ["user", *form.base_fields]
        return super().get_form(request, obj, change, form=form, **kw)

    def get_fields(self, request: HttpRequest, obj: Credential | None = None) -> Any:
        fixed = self.get_readonly_fields(request, obj)
        if obj and not self.has_change_permission(request, obj):
            return fixed
        form = self.get_form(request, obj, change=obj is not None)
        return [*form.base_fields, *fixed]

    def get_readonly_fields(self, request: HttpRequest, obj: Credential | None = None) -> Any:
        if obj is None:
            return ()
        return ("user", "provider_name", "stored", "key_id", "updated_at", "changes")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = services.save(
            user=obj.user,
            provider=form.provider.slug,
            values=form.values,
            actor=cast(User, request.user),
            source=CredentialChange.Source.ADMIN,
        )
        # The admin goes on with the row that the service wrote.
        obj.pk, obj.provider = row.pk, row.provider
        self._warn(request, obj)

    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        services.delete(
            user=obj.user,
            provider=obj.provider,
            actor=cast(User, request.user),
            source=CredentialChange.Source.ADMIN,
        )
        self._warn(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for row in queryset.select_related("user"):
            self.delete_model(request, row)

    def _warn(self, request: HttpRequest, obj: Credential) -> None:
        """Show what cannot go on with what is stored now."""
        for warning in registry.client(obj.provider).warnings(obj.user):
            self.message_user(request, f"{obj}: {warning}", messages.WARNING)


@admin.register(CredentialChange)
class CredentialChangeAdmin(ReadOnlyAdmin):
    """Changes of credentials; written by AVA alone."""

    list_display = ("at", "owner", "provider", "action", "fields", "actor", "source")
    list_filter = ("provider", "action", "source", "at")
    list_select_related = ("owner", "actor")
    search_fields = ("owner__username", "owner__email", "actor__username", "correlation_id")
    date_hierarchy = "at"


@admin.register(OperatorUse)
class OperatorUseAdmin(ReadOnlyAdmin):
    """Use of the operator's credentials by user and day."""

    list_display = ("day", "user", "provider", "count")
    list_filter = ("provider", "day")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    date_hierarchy = "day"
