from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ava.admin import ReadOnlyAdmin
from ava.jobs import kinds, services
from ava.jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at", "kind", "state", "tenant", "correlation_id", "key", "due_at", "attempts",
        "last_error",
    )  # fmt: skip
    list_filter = ("state", "kind", "created_at")
    words: ClassVar = {"kind": lambda: kinds}
    sortable_by = ("created_at",)
    search_fields = ("correlation_id__exact", "key__exact")
    search_help_text = "A whole correlation ID or key."
    actions = ("run_again",)
    contents = ("payload",)

    @admin.action(description="Run again", permissions=["operate"])
    def run_again(self, request: HttpRequest, chosen: QuerySet[Job]) -> None:
        ran = 0
        for job in chosen:
            try:
                services.run_again(job, now=timezone.now())
            except services.AlreadyWaiting as refusal:
                self.message_user(request, f"{job}: {refusal.detail}", messages.WARNING)
                continue
            self.log_change(request, job, "Run again.")
            ran += 1
        if ran:
            self.message_user(request, f"{ran} jobs will run again in a moment.")
