"""Doctor on jobs and refused webhooks."""

from datetime import timedelta

from django.utils import timezone

from ava.inbound.models import Refusal
from ava.jobs.models import Job
from integrations.doctor import work
from integrations.doctor.tests.conftest import Examine


def job(**columns: object) -> Job:
    now = timezone.now()
    return Job.objects.create(**{"kind": "note", "due_at": now, "created_at": now} | columns)


def test_jobs_that_nobody_runs_need_attention(examine: Examine) -> None:
    assert {verdict for verdict, _ in examine(work.jobs)} == {"good"}
    job(due_at=timezone.now() - timedelta(minutes=42))
    verdict, sentence = examine(work.jobs)[0]
    assert verdict == "needs attention"
    assert sentence.startswith("1 job has been due for up to 42 minutes. Nothing runs them:")


def test_workers_that_do_not_keep_up_get_another_remedy(examine: Examine) -> None:
    job(due_at=timezone.now() - timedelta(minutes=42))
    job(state="done", finished_at=timezone.now())
    assert "start one more `manage.py work`" in examine(work.jobs)[0][1]


def test_jobs_given_up_are_counted_by_kind(examine: Examine) -> None:
    job(state="dead", finished_at=timezone.now())
    verdict, sentence = examine(work.jobs)[1]
    assert verdict == "needs attention"
    assert sentence.startswith("1 job since yesterday (note).")


def test_a_refused_webhook_names_its_reason_and_where_to_look(examine: Examine) -> None:
    assert examine(work.webhooks)[0][0] == "good"
    row = Refusal.objects.create(at=timezone.now(), provider="twilio", kind="voice", reason="No.")
    ((verdict, sentence),) = examine(work.webhooks)
    assert verdict == "needs attention"
    assert sentence.endswith(f"of twilio: No. See: manage.py explain_webhook {row.pk}")
