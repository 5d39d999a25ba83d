"""Admin of calls, messages and batches: to look at, and to end."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from ava.admin import ReadOnlyAdmin
from ava.http.problems import Problem
from telephony.calls import services as calls
from telephony.messages import bulk, queries
from telephony.messages import services as sms
from telephony.models import Batch, Call, CallEntry, Message, MessageEntry, OptOut


class Timeline(admin.TabularInline):  # type: ignore[type-arg]  # no argument at run time
    fields = ("at", "status", "source", "detail", "correlation_id")
    readonly_fields = fields
    extra = max_num = 0
    can_delete = False


class CallTimeline(Timeline):
    model = CallEntry


class MessageTimeline(Timeline):
    model = MessageEntry


class TelephonyAdmin(ReadOnlyAdmin):
    """Base of admins with actions on each of the chosen rows."""

    list_select_related = ("owner",)

    def act(
        self, request: HttpRequest, chosen: QuerySet[Any], action: Callable[[Any], Any], done: str
    ) -> None:
        for row in chosen:
            try:
                action(row)
            except Problem as problem:
                self.message_user(request, f"{row}: {problem.detail}", messages.WARNING)
                continue
            self.log_change(request, row, f"{done.capitalize()}.")
            self.message_user(request, f"{row}: {done}.")


class CommunicationAdmin(TelephonyAdmin):
    list_display = (
        "created_at", "status", "to", "correlation_id", "error", "from_number", "direction",
        "owner", "attempt", "provider_sid",
    )  # fmt: skip
    list_filter = ("status", "direction", "created_at")
    sortable_by = ("created_at",)
    search_fields = (
        "correlation_id__exact", "provider_sid__exact", "to__exact", "from_number__exact",
        "owner__username__exact",
    )  # fmt: skip
    search_help_text = "A correlation ID, a number, the provider's SID or a user name; all of it."
    ordering: ClassVar[tuple[str, ...]] = ("-created_at",)


@admin.register(Call)
class CallAdmin(CommunicationAdmin):
    inlines = (CallTimeline,)
    list_filter = (*CommunicationAdmin.list_filter, "kind", "provider")  # type: ignore[assignment]  # longer
    search_fields = (*CommunicationAdmin.search_fields, "vapi_call_id__exact")  # type: ignore[assignment]  # longer
    words: ClassVar = {"status": lambda: Call.machine.ranks}
    actions = ("hang_up",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        # A page of a hundred calls loads no transcripts.
        return super().get_queryset(request).defer("transcript")

    @admin.action(description="Hang up", permissions=["operate"])
    def hang_up(self, request: HttpRequest, chosen: QuerySet[Call]) -> None:
        self.act(request, chosen.select_related("owner"), calls.hang_up, "hung up")


@admin.register(Message)
class MessageAdmin(CommunicationAdmin):
    inlines = (MessageTimeline,)
    words: ClassVar = {"status": lambda: Message.machine.ranks}
    actions = ("take_back",)

    @admin.action(description="Take back what is not sent yet", permissions=["operate"])
    def take_back(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        self.act(request, chosen, sms.cancel, "taken back")


@admin.register(Batch)
class BatchAdmin(TelephonyAdmin):
    list_display = (
        "created_at", "state", "progress", "correlation_id", "error", "from_number",
        "per_minute", "owner",
    )  # fmt: skip
    list_filter = ("state", "created_at")
    sortable_by = ("created_at",)
    search_fields = ("correlation_id__exact", "from_number__exact", "owner__username__exact")
    actions = ("pause", "cancel")

    @admin.action(description="Pause: send no more for now", permissions=["operate"])
    def pause(self, request: HttpRequest, chosen: QuerySet[Batch]) -> None:
        self.act(request, chosen, bulk.pause, "paused")

    @admin.action(description="Cancel: send no more at all", permissions=["operate"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Batch]) -> None:
        self.act(request, chosen, bulk.cancel, "canceled")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown = super().get_changelist_instance(request)
        queries.count(shown.result_list)
        return shown

    @admin.display(description="messages")
    def progress(self, batch: Batch) -> str:
        return ", ".join(f"{number} {status}" for status, number in batch.progress.items())


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    """People who want no calls and messages, or some again. They and the users change it."""

    list_display = ("at", "person", "number", "stopped", "holder")
    list_filter = ("stopped",)
    search_fields = ("person", "number")
    ordering = ("-at",)
