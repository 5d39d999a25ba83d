from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ava.jobs import services
from ava.jobs.errors import AlreadyWaiting
from ava.jobs.models import Job


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no argument at run time
    """Background work. Read-only, but for running a finished job again."""

    list_display = (
        "created_at", "kind", "key", "state", "due_at", "attempts", "last_error", "correlation_id",
    )  # fmt: skip
    list_filter = ("state", "kind", "created_at")
    search_fields = ("correlation_id", "key")
    search_help_text = "A correlation ID or a key, whole or in part."
    actions = ("run_again",)

    @admin.action(description="Run again", permissions=["run"])
    def run_again(self, request: HttpRequest, chosen: QuerySet[Job]) -> None:
        ran = 0
        for job in chosen:
            try:
                services.run_again(job, now=timezone.now())
            except AlreadyWaiting as refusal:
                self.message_user(request, f"{job}: {refusal.detail}", messages.WARNING)
                continue
            self.log_change(request, job, "Run again.")
            ran += 1
        if ran:
            self.message_user(request, f"{ran} jobs will run again in a moment.")

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_job")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
