"""Doctor's checks of what AVA has to do: jobs, webhooks."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Max, Min

from ava.inbound.models import Refusal
from ava.jobs.models import Job
from integrations.doctor.findings import Finding, Look, attention, good
from integrations.doctor.words import several

LATE = timedelta(minutes=10)
DAY = timedelta(days=1)


def jobs(look: Look) -> Iterator[Finding]:
    waiting = Job.objects.filter(state=Job.State.QUEUED)
    due = waiting.filter(due_at__lt=look.now)
    oldest = due.aggregate(oldest=Min("due_at"))["oldest"]
    ended = Job.objects.aggregate(last=Max("finished_at"))["last"]
    if oldest and look.now - oldest > LATE:
        minutes = round((look.now - oldest) / timedelta(minutes=1))
        works = ended is not None and look.now - ended < LATE
        yield attention(
            "background jobs",
            f"{several(due.count(), 'job has', 'jobs have')} been due for up to {minutes} minutes. "
            + (
                "Workers do not keep up: start one more `manage.py work`, and see what fails in "
                "the admin's jobs."
                if works
                else "Nothing runs them: start AVA, `manage.py work` or Celery's worker."
            ),
        )
    else:
        yield good("background jobs", f"{several(waiting.count(), 'waits', 'wait')}, none is late.")
    dead = Job.objects.filter(state=Job.State.DEAD, finished_at__gt=look.now - DAY)
    if count := dead.count():
        kinds = sorted(set(dead.values_list("kind", flat=True)))
        yield attention(
            "jobs given up",
            f"{several(count, 'job', 'jobs')} since yesterday ({', '.join(kinds)}). Mend the cause "
            "that the admin's jobs show, and run them again there.",
        )
    else:
        yield good("jobs given up", "None since yesterday.")


def webhooks(look: Look) -> Iterator[Finding]:
    refused = Refusal.objects.filter(at__gt=look.now - DAY)
    last = refused.order_by("-at").first()
    if last is None:
        yield good("webhooks refused", "None since yesterday.")
        return
    yield attention(
        "webhooks refused",
        f"{several(refused.count(), 'webhook', 'webhooks')} since yesterday had a wrong signature; "
        f"the last, of {last.provider}: {last.reason} See: manage.py explain_webhook {last.pk}",
    )
