"""Resend fails: SMTP takes over where nothing was sent, and never else."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.jobs import services as jobs
from ava.jobs.models import Job
from integrations.email.tests.mailing import (
    MAIL,
    MESSAGES,
    arrived,
    fault,
    run_jobs,
    store_resend,
    ways,
)
from sandbox.server import Sandbox
from tests.resets import reset

SEND = "POST /emails"
AUTH = "Invalid Resend API key. Please update your credentials in Settings."


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 429, "error": "daily_quota_exceeded"},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
    ],
)
def test_what_resend_certainly_did_not_take_goes_by_smtp(
    api: APIClient, both_user: User, sandbox: Sandbox, trouble: dict[str, Any]
) -> None:
    fault(sandbox, "resend", match=SEND, **trouble)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["backend"]) == (201, "smtp")
    assert answer.json()["status"] == "sent"
    [mail] = arrived(sandbox)
    assert (mail["via"], mail["from"]) == ("smtp", "smtp@example.com")
    assert [entry["status"] for entry in answer.json()["timeline"]] == [
        "pending",
        "pending",
        "sent",
    ]


def test_a_resend_that_cannot_be_reached_is_passed_over(
    api: APIClient, both_user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.RESEND_BASE_URL = "http://127.0.0.1:9/resend"
    assert api.post(MESSAGES, MAIL).json()["backend"] == "smtp"
    # And so is one whose breaker has opened.
    for _ in range(3):
        assert api.post(MESSAGES, MAIL).json()["backend"] == "smtp"
    assert ways(sandbox) == ["smtp"] * 4


def test_a_resend_that_hangs_up_costs_three_mails_a_wait_and_the_next_go_by_smtp(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "refuse")
    # It may have read each of them: whether it sends them is known once it answers.
    waiting = [api.post(MESSAGES, MAIL) for _ in range(3)]
    assert [(one.status_code, one.json()["status"]) for one in waiting] == [(202, "unknown")] * 3
    others = [api.post(MESSAGES, MAIL).json() for _ in range(2)]
    assert [(one["backend"], one["status"]) for one in others] == [("smtp", "sent")] * 2
    run_jobs(seconds=5)
    assert ways(sandbox) == ["smtp"] * 2

    sandbox.faults.clear()
    reset("breakers")  # its recovery time is over
    run_jobs(seconds=60)
    for one in waiting:
        found = api.get(f"{MESSAGES}/{one.json()['id']}").json()
        assert (found["backend"], found["status"]) == ("resend", "sent")
    assert sorted(ways(sandbox)) == ["resend"] * 3 + ["smtp"] * 2
    run_jobs(seconds=3600)
    assert len(arrived(sandbox)) == 5


def test_the_sender_of_smtp_stands_in_for_one_that_resend_refuses(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    store_resend(both_user, from_email="ada@unverified.example")
    assert api.post(MESSAGES, MAIL).json()["from_email"] == "smtp@example.com"


@pytest.mark.parametrize("kind", ["reset", "garbage"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    api: APIClient, both_user: User, sandbox: Sandbox, kind: str, when: str
) -> None:
    fault(sandbox, "resend", kind, when=when, match=SEND)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["status"]) == (202, "unknown")
    sandbox.faults.clear()
    run_jobs(seconds=5)
    found = api.get(f"{MESSAGES}/{answer.json()['id']}").json()
    assert (found["backend"], found["status"]) == ("resend", "sent")
    assert [one["status"] for one in found["recipients"]] == ["sent"]
    assert ways(sandbox) == ["resend"]


@pytest.mark.parametrize("to", ["grace@example.org", "Grace@MÜNCHEN.example"])
def test_a_500_after_the_mail_was_taken_does_not_send_it_by_smtp(
    api: APIClient, both_user: User, sandbox: Sandbox, to: str
) -> None:
    fault(sandbox, "resend", "status", when="after", status=500, match=SEND)
    answer = api.post(MESSAGES, {**MAIL, "to": [to]})
    assert (answer.status_code, answer.json()["status"]) == (202, "unknown")
    sandbox.faults.clear()
    run_jobs(seconds=5)
    assert api.get(f"{MESSAGES}/{answer.json()['id']}").json()["status"] == "sent"
    assert ways(sandbox) == ["resend"]


def test_a_lost_answer_and_a_429_after_it_do_not_send_it_by_smtp(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "reset", when="after", count=1, match=SEND)
    fault(sandbox, "resend", "status", status=429, match=SEND)
    answer = api.post(MESSAGES, MAIL)
    assert answer.json()["status"] == "unknown"
    run_jobs(seconds=5)
    sandbox.faults.clear()
    run_jobs(seconds=60)
    assert api.get(f"{MESSAGES}/{answer.json()['id']}").json()["status"] == "sent"
    assert ways(sandbox) == ["resend"]


def test_a_500_while_the_list_does_not_answer_waits_for_resend(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "status", status=500)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["status"]) == (202, "unknown")
    sandbox.faults.clear()
    run_jobs(seconds=60)
    assert ways(sandbox) == ["resend"]


def test_without_a_second_way_a_500_is_the_answer_and_nothing_was_sent(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "status", status=500, match=SEND)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["detail"]) == (
        502,
        "Connection to Resend failed. Please try again later.",
    )
    sandbox.faults.clear()
    run_jobs(seconds=60)
    assert arrived(sandbox) == []


def test_what_was_begun_is_tried_again_in_the_background_after_a_500(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "reset", match=SEND)
    mine = f"{MESSAGES}/{api.post(MESSAGES, MAIL).json()['id']}"
    sandbox.faults.clear()
    fault(sandbox, "resend", "status", status=500, match=SEND)
    run_jobs(seconds=60)
    assert api.get(mine).json()["status"] == "unknown"
    sandbox.faults.clear()
    run_jobs(seconds=600)
    assert api.get(mine).json()["status"] == "sent"
    assert ways(sandbox) == ["resend"]


def test_where_both_fail_the_last_one_is_named(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "status", status=401, match=SEND)
    fault(sandbox, "smtp", "refuse")
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["detail"]) == (
        502,
        "Connection to SMTP failed. Please try again later.",
    )
    [row] = api.get(MESSAGES).json()["results"]
    assert row["status"] == "failed"
    assert arrived(sandbox) == []


def test_a_mail_that_was_begun_with_a_key_is_not_sent_with_another_one(
    api: APIClient, both_user: User, sandbox: Sandbox, settings: Any
) -> None:
    fault(sandbox, "resend", "reset", when="after", match=SEND)
    mine = f"{MESSAGES}/{api.post(MESSAGES, MAIL).json()['id']}"
    sandbox.faults.clear()
    store_resend(both_user, api_key="re_of_another_account")
    run_jobs(seconds=60)
    found = api.get(mine).json()
    assert found["status"] == "unknown"
    assert "not stored any more" in found["timeline"][-1]["detail"]
    store_resend(both_user)
    run_jobs(seconds=600)
    assert api.get(mine).json()["status"] == "sent"
    assert ways(sandbox) == ["resend"]


def test_after_a_day_a_mail_without_an_answer_stays_unknown_and_says_why(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "reset", match=SEND)
    mine = f"{MESSAGES}/{api.post(MESSAGES, MAIL).json()['id']}"
    run_jobs(seconds=24 * 3600)
    sandbox.faults.clear()
    run_jobs(seconds=25 * 3600)
    found = api.get(mine).json()
    assert (found["status"], found["error"]) == (
        "unknown",
        "No answer came in a day: the e-mail may have gone out, or not.",
    )
    assert arrived(sandbox) == []


def test_a_user_who_was_deactivated_sends_no_more(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "reset", match=SEND)
    api.post(MESSAGES, MAIL)
    sandbox.faults.clear()
    resend_user.is_active = False
    resend_user.save()
    run_jobs(seconds=60)
    assert arrived(sandbox) == []


def test_a_mail_whose_job_was_lost_is_found_by_the_sweep(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "reset", match=SEND)
    mine = f"{MESSAGES}/{api.post(MESSAGES, MAIL).json()['id']}"
    sandbox.faults.clear()
    Job.objects.filter(kind="integrations.mail").delete()
    jobs.ensure_periodic()
    run_jobs(seconds=60)
    assert api.get(mine).json()["status"] == "sent"
    assert ways(sandbox) == ["resend"]
