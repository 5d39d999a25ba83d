"""Admin of breakers: events, read-only, and the operator's overrides."""

from datetime import timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ava import upstream
from ava.admin import ReadOnlyAdmin
from integrations.breakers import queries, services
from integrations.breakers.models import STATES, BreakerControl, BreakerEvent
from integrations.breakers.services import Forced


@admin.register(BreakerEvent)
class BreakerEventAdmin(ReadOnlyAdmin):
    """Search by the correlation ID of a request to see what it did to a breaker."""

    list_display = ("at", "provider", "from_state", "to_state", "correlation_id", "reason")
    list_filter = ("provider", "to_state", "at")
    words: ClassVar = {
        "provider": lambda: {door.service.label for door in upstream.doors()},
        "to_state": lambda: STATES,
    }
    sortable_by = ("at",)
    search_fields = ("correlation_id__exact",)
    search_help_text = "A whole correlation ID."


MOST_MINUTES = 365 * 24 * 60
_MINUTES = f"Give whole minutes from 1 to {MOST_MINUTES}, or none."


class OverrideForm(forms.Form):
    reason = forms.CharField(max_length=150, required=False)
    minutes = forms.IntegerField(
        min_value=1,
        max_value=MOST_MINUTES,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _MINUTES),
    )


class OverrideActionForm(ActionForm):
    """The same fields beside the actions, unchecked, as Django would not say what is wrong."""

    reason = forms.CharField(required=False, label="Reason")
    minutes = forms.CharField(required=False, label="For minutes (empty: no end)")


@admin.register(BreakerControl)
class BreakerControlAdmin(ReadOnlyAdmin):
    """Select providers, choose an action. Nothing here is edited by hand."""

    action_form = OverrideActionForm
    actions = ("force_open", "force_closed", "reset")
    list_display = ("provider", "now", "reason", "by", "updated_at")
    list_display_links = None
    list_select_related = ("by",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        services.ensure_controls()
        return super().changelist_view(request, extra_context)

    @admin.display(description="state now")
    def now(self, control: BreakerControl) -> str:
        found = queries.list_breakers(now=timezone.now(), live=True, providers=[control.provider])
        return str(found[0]) if found else "not in use"

    @admin.action(description="Force open: send nothing to the provider", permissions=["operate"])
    def force_open(self, request: HttpRequest, chosen: QuerySet[BreakerControl]) -> None:
        self._override(request, chosen, Forced.OPEN)

    @admin.action(description="Force closed: send whatever happens", permissions=["operate"])
    def force_closed(self, request: HttpRequest, chosen: QuerySet[BreakerControl]) -> None:
        self._override(request, chosen, Forced.CLOSED)

    @admin.action(description="Reset: end any force, start afresh", permissions=["operate"])
    def reset(self, request: HttpRequest, chosen: QuerySet[BreakerControl]) -> None:
        self._override(request, chosen, None)

    def _override(
        self, request: HttpRequest, chosen: QuerySet[BreakerControl], forced: Forced | None
    ) -> None:
        given = OverrideForm(request.POST)
        if not given.is_valid():
            for field, errors in given.errors.items():
                reasons = " ".join(map(str, errors))
                sentence = f"Nothing was changed. {field.capitalize()}: {reasons}"
                self.message_user(request, sentence, messages.ERROR)
            return
        reason, minutes = given.cleaned_data["reason"], given.cleaned_data["minutes"]
        now = timezone.now()
        until = now + timedelta(minutes=minutes) if minutes else None
        by = cast(User, request.user)
        for control in chosen:
            services.override(
                forced, provider=control.provider, reason=reason, by=by, now=now, until=until
            )
        self.message_user(request, f"Done for {', '.join(c.provider for c in chosen)}.")
