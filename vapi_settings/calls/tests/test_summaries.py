"""Summary mails after Vapi's report on a call."""

from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.email.tests.mailing import arrived, run_jobs, store_resend
from sandbox.server import Sandbox
from vapi_settings.tests.hooking import payload

pytestmark = pytest.mark.django_db

PATH = "/api/v1/integrations/email/summaries"
WANTED = {"enabled": True, "recipients": ["team@example.org"]}


@pytest.fixture(autouse=True)
def resend(user: User, sandbox: Sandbox) -> None:
    store_resend(user)


def test_a_call_that_ended_is_summed_up_once(api: APIClient, send: Any, sandbox: Sandbox) -> None:
    assert api.get(PATH).json() == {
        "enabled": False,
        "recipients": [],
        "template": "call_summary",
        "transcript": False,
    }
    assert api.put(PATH, WANTED, format="json").status_code == 200
    for _ in range(2):
        assert send(payload("end_of_call_report")).status_code == 204
        run_jobs()
    [mail] = arrived(sandbox)
    assert mail["to"] == ["team@example.org"]
    assert mail["subject"].startswith("Call with ")
    said = payload("end_of_call_report")["message"]
    assert (said["analysis"]["summary"] or said["summary"]) in mail["text"]
    assert "Transcript" not in mail["text"]


def test_the_transcript_comes_along_where_it_is_wanted(
    api: APIClient, send: Any, sandbox: Sandbox
) -> None:
    api.put(PATH, WANTED | {"transcript": True}, format="json")
    send(payload("end_of_call_report"))
    run_jobs()
    assert "Transcript" in arrived(sandbox)[0]["text"]


def test_the_plain_template_says_the_same_as_a_text(
    api: APIClient, send: Any, sandbox: Sandbox
) -> None:
    answer = api.put(PATH, WANTED | {"template": "plain"}, format="json")
    assert answer.json()["template"] == "plain"
    assert api.get(PATH).json()["template"] == "plain"
    send(payload("end_of_call_report"))
    run_jobs()
    [mail] = arrived(sandbox)
    assert mail["subject"].startswith("Call with ")
    said = payload("end_of_call_report")["message"]
    assert (said["analysis"]["summary"] or said["summary"]) in mail["text"]
    assert "<dl" not in mail["html"]
    [row] = api.get("/api/v1/integrations/email/messages").json()["results"]
    assert row["subject"] == mail["subject"]


def test_a_suppressed_recipient_is_left_out(api: APIClient, send: Any, sandbox: Sandbox) -> None:
    both = ["left@example.org", "team@example.org"]
    api.put(PATH, WANTED | {"recipients": both}, format="json")
    suppressions = "/api/v1/integrations/email/suppressions"
    api.post(suppressions, {"address": "Left@example.org"}, format="json")
    send(payload("end_of_call_report"))
    run_jobs()
    assert [mail["to"] for mail in arrived(sandbox)] == [["team@example.org"]]


def test_without_the_switch_nothing_is_sent(send: Any, sandbox: Sandbox) -> None:
    send(payload("end_of_call_report"))
    run_jobs()
    assert arrived(sandbox) == []


def test_a_provider_in_trouble_is_asked_again(api: APIClient, send: Any, sandbox: Sandbox) -> None:
    api.put(PATH, WANTED, format="json")
    fault = {"provider": "resend", "kind": "status", "status": 429, "count": 1}
    requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    send(payload("end_of_call_report"))
    run_jobs()
    assert arrived(sandbox) == []
    run_jobs(seconds=120)
    run_jobs(seconds=240)
    assert len(arrived(sandbox)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"enabled": True, "recipients": []},
        {"enabled": True, "recipients": ["x"]},
        {"enabled": 1},
        WANTED | {"template": "alarm"},
    ],
)
def test_a_switch_without_recipients_is_explained(api: APIClient, body: Any) -> None:
    assert api.put(PATH, body, format="json").status_code == 400
