"""Admin of feature flags: the environment's value, the admin's, and the one in effect."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from ava.admin import AvaAdmin, Choices, may_view
from integrations import runtime_config
from integrations.flags import services
from integrations.flags.models import Flag, FlagOverride


class FlagOverrideInline(Choices, admin.TabularInline):  # type: ignore[type-arg]  # none at run time
    """Settings for single users, who are named: changing one needs the right to view users."""

    model = FlagOverride
    extra = 0
    autocomplete_fields = ("user",)
    verbose_name = "answer for one user"
    verbose_name_plural = "answers for single users"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_view(request, User)


@admin.register(Flag)
class FlagAdmin(AvaAdmin):
    """The flags are known beforehand: none is added or deleted here."""

    list_display = ("name", "state", "environment", "effective", "note", "updated_by", "updated_at")
    list_select_related = ("updated_by",)
    fields = list_display
    readonly_fields = ("name", "environment", "effective", "updated_by", "updated_at")
    inlines = (FlagOverrideInline,)

    def get_inlines(self, request: HttpRequest, obj: Flag | None) -> Any:
        if obj is not None and obj.name in services.FOR_EVERYBODY:
            return ()
        return super().get_inlines(request, obj)

    @admin.display(boolean=True, description="environment says")
    def environment(self, flag: Flag) -> bool | None:
        return settings.FLAGS.get(flag.name)

    @admin.display(boolean=True, description="holds now")
    def effective(self, flag: Flag) -> bool | None:
        return runtime_config.is_on(flag.name) if flag.name in settings.FLAGS else None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        services.ensure_rows()
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Flag, form: Any, change: bool) -> None:
        if form.changed_data:
            services.set_flag(
                name=obj.name, state=obj.state, note=obj.note, by=cast(User, request.user)
            )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        changed = formset.save(commit=False)
        for override in formset.deleted_objects:
            services.delete_override(override=override, by=cast(User, request.user))
        for override in changed:
            services.save_override(override=override, by=cast(User, request.user))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A row of another release's flag is for looking.
        known = obj is None or obj.name in settings.FLAGS
        return known and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_add_permission
