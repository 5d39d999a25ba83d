"""Admin of credentials: secrets are stored and replaced without being shown."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
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
from ava.http.problems import ValidationFailed
from integrations.credentials import services, store
from integrations.credentials.models import Credential, CredentialChange, OperatorUse
from integrations.credentials.providers import BY_FIELDS, PROVIDERS, Field, Kind, Provider

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Credential]
else:
    _ModelForm = forms.ModelForm

_SHOWN_CHANGES = 20


class CredentialForm(_ModelForm):
    """Base of the forms of each provider: secrets can be typed in and replaced, never read."""

    provider: ClassVar[Provider]
    stored: ClassVar[services.Description | None]  # None for a new credential
    values: dict[str, Any]  # for `services.save`

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        user = cleaned["user"] if self.stored is None else self.instance.user
        self.values = {field.name: self._value(field, cleaned) for field in self.provider.fields}
        if self.stored is None and store.find(user=user, provider=self.provider.slug):
            self.add_error("user", f"{user} has {self.provider.name} credentials. Change those.")
            return cleaned
        try:
            services.preview(user=user, provider=self.provider.slug, values=self.values)
        except ValidationFailed as problem:
            for name, sentences in (problem.errors or {}).items():
                self.add_error(name, sentences)
        return cleaned

    def _value(self, field: Field, cleaned: dict[str, Any]) -> Any:
        typed = cleaned[field.name]
        if not field.secret or typed or not self.stored or cleaned.get(f"remove_{field.name}"):
            return typed
        return self.stored.fields[field.name]


def _form_for(provider: Provider, stored: services.Description | None) -> type[CredentialForm]:
    meta = type("Meta", (), {"model": Credential, "fields": () if stored else ("user",)})
    members: dict[str, Any] = {"provider": provider, "stored": stored, "Meta": meta}
    for field in provider.fields:
        shown = stored.fields[field.name] if stored else None
        members[field.name] = _input(field, shown)
        if field.secret and not field.required and shown:
            members[f"remove_{field.name}"] = forms.BooleanField(required=False)
    return type(f"{provider.slug.title()}Form", (CredentialForm,), members)


def _input(field: Field, shown: Any) -> forms.Field:
    if field.secret:
        kept = f" Stored: {shown}. Leave empty to keep it." if shown else ""
        return forms.CharField(
            help_text=field.about + kept,
            # Not in the browser, either, where one is stored: left empty means keep.
            required=not shown and field.required,
            strip=field.kind is not Kind.TEXT,
            widget=forms.PasswordInput(
                attrs={"autocomplete": "new-password", "class": "vTextField"}
            ),
        )
    common: dict[str, Any] = {
        "help_text": field.about,
        "required": field.required,
        "initial": shown,
    }
    match field.kind:
        case Kind.PORT:
            return forms.IntegerField(**common, min_value=1, max_value=65535)
        case Kind.CHOICE:
            default = [] if field.required else [("", "default")]
            choices = [*default, *((each, each) for each in field.choices)]
            return forms.ChoiceField(**common, choices=choices)
    # Without a `maxlength`, with which a browser cuts what is pasted, and does not say so.
    widget = forms.TextInput(attrs={"class": "vTextField"})
    return forms.CharField(**common, widget=widget)


@method_decorator(sensitive_post_parameters(), name="changeform_view")
@admin.register(Credential)
class CredentialAdmin(AvaAdmin):
    """Every change goes through `integrations.credentials.services`, which records it."""

    list_display = ("user", "provider_name", "updated_at", "stored", "key_id")
    list_filter = ("provider", "updated_at")
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)

    @admin.display(description="provider", ordering="provider")
    def provider_name(self, row: Credential) -> str:
        return PROVIDERS[row.provider].name

    @admin.display(description="key")
    def key_id(self, row: Credential) -> str:
        return row.secrets.key_id or "damaged"

    @admin.display(description="stored")
    def stored(self, row: Credential) -> str:
        described = services.describe_row(row)
        if not described.readable:
            return "cannot be read: its key is lost or it was tampered with"
        return ", ".join(f"{k}: {v}" for k, v in described.fields.items() if v is not None)

    @admin.display(description="changes")
    def changes(self, row: Credential) -> SafeString:
        found = CredentialChange.objects.filter(owner_id=row.user_id, provider=row.provider)
        lines = (
            f"{each.at:%Y-%m-%d %H:%M:%S} UTC: {each.actor or 'a deleted user'} {each.action} "
            f"{', '.join(each.fields)} ({each.source}, "
            f"{each.correlation_id or 'no correlation ID'})"
            for each in found.select_related("actor")[:_SHOWN_CHANGES]
        )
        listed = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
        return format_html("<ul>{}</ul>", listed)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.GET.get("provider") in BY_FIELDS or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "title": "Add credentials",
            "opts": self.opts,
            "providers": [PROVIDERS[slug] for slug in BY_FIELDS],
        }
        page = "admin/integrations/credential/choose_provider.html"
        return TemplateResponse(request, page, context)

    def get_form(
        self, request: HttpRequest, obj: Credential | None = None, change: bool = False, **kw: Any
    ) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return forms.modelform_factory(Credential, fields=())
        if obj:
            return _form_for(PROVIDERS[obj.provider], services.describe_row(obj))
        form = _form_for(PROVIDERS[request.GET["provider"]], None)
        # By way of Django, which gives the user's field its search box.
        kw["fields"] = ["user", *form.base_fields]
        return super().get_form(request, obj, change, form=form, **kw)

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
        for warning in services.clients[obj.provider].warnings(obj.user):
            self.message_user(request, f"{obj}: {warning}", messages.WARNING)


@admin.register(CredentialChange)
class CredentialChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "owner", "provider", "action", "fields", "actor", "source")
    list_filter = ("provider", "action", "source", "at")
    list_select_related = ("owner", "actor")
    search_fields = ("owner__username", "owner__email", "actor__username", "correlation_id")
    date_hierarchy = "at"


@admin.register(OperatorUse)
class OperatorUseAdmin(ReadOnlyAdmin):
    list_display = ("day", "user", "provider", "count")
    list_filter = ("provider", "day")
    search_fields = ("user__username", "user__email")
    date_hierarchy = "day"
