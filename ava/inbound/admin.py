from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.admin import ReadOnlyAdmin
from ava.inbound import services
from ava.inbound.diagnosis import explain
from ava.inbound.models import Delivery, Refusal, Volume
from ava.inbound.services import MIB


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Webhooks that were taken. Read-only, but for working through them once more."""

    list_display = (
        "received_at", "provider", "event", "state", "correlation_id", "error", "owner", "kind",
    )  # fmt: skip
    list_filter = ("state", "provider", "kind", "received_at")
    list_select_related = ("owner",)
    words: ClassVar = {
        "provider": lambda: {provider for provider, _ in services.handlers},
        "kind": lambda: {kind for _, kind in services.handlers},
    }
    sortable_by = ("received_at",)
    search_fields = ("correlation_id__exact", "delivery_id__exact")
    search_help_text = "A whole correlation ID or delivery ID."
    actions = ("replay",)
    contents = ("payload",)

    @admin.action(description="Work through once more", permissions=["operate"])
    def replay(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        for delivery in chosen:
            self.log_change(request, delivery, "Replayed.")
        count = services.replay(chosen)
        self.message_user(request, f"{count} deliveries will be worked through in a moment.")


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ("at", "provider", "kind", "owner", "correlation_id", "reason")
    list_filter = ("provider", "kind", "at")
    list_select_related = ("owner",)
    search_fields = ("correlation_id",)
    fields = ("explanation",)
    readonly_fields = ("explanation",)

    @admin.display(description="what happened")
    def explanation(self, refusal: Refusal) -> str:
        return "\n".join(explain(refusal))


@admin.register(Volume)
class VolumeAdmin(ReadOnlyAdmin):
    list_display = ("day", "provider", "owner", "deliveries", "kept")
    list_filter = ("provider", "day")
    list_select_related = ("owner",)
    search_fields = ("owner__username", "owner__email")

    @admin.display(description="kept", ordering="size")
    def kept(self, volume: Volume) -> str:
        return f"{volume.size / MIB:.1f} MiB"
