"""Jobs in the admin: for looking, and for running a finished one again."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from ava import jobs
from ava.http import correlation
from ava.jobs import services
from ava.jobs.models import Job

LIST = reverse("admin:jobs_job_changelist")


@pytest.fixture
def page(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def dead(db: None) -> Job:
    """A job that was given up, and now would work."""
    runs: list[dict[str, Any]] = []

    def work(payload: dict[str, Any]) -> None:
        runs.append(payload)
        if len(runs) == 1:
            raise ValueError

    jobs.register("work", work, attempts=1)
    with correlation.bind("find-me-1"):
        job = services.enqueue("work", {}, key="call-7")
    services.run_due()
    job.refresh_from_db()
    return job


def run_again(page: Client, *chosen: Job) -> str:
    answer = page.post(
        LIST, {"action": "run_again", "_selected_action": [job.pk for job in chosen]}, follow=True
    )
    return answer.content.decode()


def test_a_job_is_found_by_its_correlation_id_with_what_went_wrong(page: Client, dead: Job) -> None:
    found = page.get(LIST, {"q": "find-me-1"}).content.decode()
    assert "call-7" in found
    assert "ValueError at test_admin.py" in found
    assert "call-7" not in page.get(LIST, {"q": "other"}).content.decode()


def test_a_job_that_was_given_up_is_run_again(page: Client, dead: Job) -> None:
    assert "1 jobs will run again" in run_again(page, dead)
    services.run_due()
    dead.refresh_from_db()
    assert dead.state == Job.State.DONE


def test_a_job_whose_like_waits_is_not_and_says_so(page: Client, dead: Job) -> None:
    services.enqueue("work", {}, key="call-7")
    said = run_again(page, dead)
    assert "is waiting already" in said
    assert "will run again" not in said


def test_jobs_cannot_be_added_changed_or_deleted(page: Client, dead: Job) -> None:
    one = reverse("admin:jobs_job_change", args=[dead.pk])
    assert page.get(one).status_code == 200
    assert page.post(one, {"state": "done"}).status_code == 403
    assert page.get(reverse("admin:jobs_job_add")).status_code == 403
    assert page.post(reverse("admin:jobs_job_delete", args=[dead.pk])).status_code == 403


def test_who_may_only_look_cannot_run_a_job_again(user: User, dead: Job) -> None:
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_job"))
    client = Client()
    client.force_login(user)
    run_again(client, dead)
    dead.refresh_from_db()
    assert dead.state == Job.State.DEAD
