"""Delivery states by Resend's webhooks: signed as by Svix, each once, in any order."""

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava.inbound.models import Delivery, Refusal
from integrations.credentials import store
from integrations.email.models import Mail, MailAttachment, Recipient
from integrations.email.suppressions.models import Suppression
from integrations.email.tests.mailing import MAIL, MESSAGES, arrived, fault, run_jobs, store_resend
from integrations.email.tests.reporting import ADDRESS, EVENTS, LIST, event, post, send
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connected(
    live_server: LiveServer, hook: str, user: User, sandbox: Sandbox, settings: Any
) -> None:
    """An account at Resend whose events come to AVA."""
    settings.RATE_LIMIT_PER_MINUTE = 1000
    asked = {"endpoint": live_server.url + hook, "events": EVENTS}
    headers = {"Authorization": "Bearer re_demo"}
    answer = requests.post(f"{sandbox.url}/resend/webhooks", json=asked, headers=headers, timeout=5)
    store_resend(user, webhook_secret=answer.json()["signing_secret"])


def until(reached: Callable[[], object]) -> None:
    give_up = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < give_up, "it did not happen"
        run_jobs()
        time.sleep(0.02)


def shown(api: APIClient, mail: Any) -> dict[str, str]:
    """The status of each recipient, and of the mail under ""."""
    found = api.get(f"{MESSAGES}/{mail['id']}").json()
    people = {one["address"]: one["status"] for one in found["recipients"]}
    return {**people, "": found["status"]}


def test_a_mail_is_followed_until_it_is_delivered(api: APIClient, connected: None) -> None:
    mail = send(api, "delivered@resend.dev")
    until(lambda: shown(api, mail)[""] == "delivered")
    found = api.get(f"{MESSAGES}/{mail['id']}").json()
    assert [entry["status"] for entry in found["timeline"]][-1] == "delivered"


def test_a_bounce_stops_the_next_mail_with_a_sentence(
    api: APIClient, connected: None, sandbox: Sandbox
) -> None:
    mail = send(api, "bounced@resend.dev", "grace@example.com")
    until(lambda: shown(api, mail).get("grace@example.com") == "delivered")
    until(lambda: shown(api, mail)["bounced@resend.dev"] == "bounced")
    assert shown(api, mail)[""] == "bounced"
    [row] = api.get(LIST).json()["results"]
    assert (row["address"], row["reason"]) == ("bounced@resend.dev", "bounced")
    before = len(arrived(sandbox))
    answer = api.post(MESSAGES, {**MAIL, "to": ["Bounced@Resend.dev"]}, format="json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "address_suppressed"
    assert "mail to it bounced for good" in answer.json()["detail"]
    assert len(arrived(sandbox)) == before
    assert api.delete(f"{LIST}/bounced@resend.dev").status_code == 204
    assert send(api, "bounced@resend.dev")["status"] == "sent"


def test_a_complaint_comes_after_the_delivery(api: APIClient, connected: None) -> None:
    mail = send(api, "complained@resend.dev")
    until(lambda: shown(api, mail)[""] == "complained")
    assert Suppression.objects.get().reason == "complained"


def test_an_answer_that_got_lost_is_made_good_by_a_webhook(
    api: APIClient, connected: None, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "reset", when="after", match="POST /emails", count=1)
    mail = send(api, "delivered@resend.dev")
    until(lambda: shown(api, mail)[""] == "delivered")
    assert Mail.objects.get().reference
    assert len(arrived(sandbox)) == 1


@pytest.mark.parametrize("kind", ["sent", "delivery_delayed"])
def test_an_event_on_a_mail_that_got_no_answer_says_that_it_was_sent(
    api: APIClient, hook: str, sandbox: Sandbox, kind: str
) -> None:
    fault(sandbox, "resend", "reset", when="after", match="POST /emails")
    attached = {"filename": "a.txt", "content_type": "text/plain", "content": "YQ=="}
    mail = send(api, "grace@example.org", attachments=[attached])
    assert mail["status"] == "unknown"
    body = event(kind, "an-id", "grace@example.org", tags={"ava_mail": mail["id"]})
    assert post(hook, body) == 204
    run_jobs()
    found = api.get(f"{MESSAGES}/{mail['id']}").json()
    assert (found["status"], found["timeline"][-1]["status"]) == ("sent", "sent")
    assert MailAttachment.objects.get().content is None


@pytest.mark.parametrize("order", [("sent", "delivered", "bounced"), ("bounced", "delivered")])
def test_events_may_come_in_any_order(
    api: APIClient, user: User, hook: str, order: tuple[str, ...]
) -> None:
    mail = send(api, "grace@example.org")
    reference = Mail.objects.get().reference or ""
    for kind in order:
        body = event(kind, reference, "grace@example.org", bounce={"type": "Permanent"})
        assert post(hook, body) == 204
    run_jobs()
    assert shown(api, mail)[""] == "bounced"


def test_a_mailbox_that_is_full_suppresses_nothing(api: APIClient, hook: str) -> None:
    mail = send(api, "grace@example.org")
    reference = Mail.objects.get().reference or ""
    body = event("bounced", reference, "grace@example.org", bounce={"type": "Transient"})
    assert post(hook, body) == 204
    run_jobs()
    assert shown(api, mail)[""] == "bounced"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("diagnoses", "entered"), [(1, 0), (2, 2)])
def test_an_event_on_several_suppresses_those_that_it_has_a_diagnosis_of(
    api: APIClient, hook: str, diagnoses: int, entered: int
) -> None:
    people = ("grace@example.org", "hedy@example.org")
    mail = send(api, *people)
    why = {"type": "Permanent", "diagnosticCode": ["smtp; 550 5.1.1 user unknown"] * diagnoses}
    body = event("bounced", Mail.objects.get().reference or "", *people, bounce=why)
    assert post(hook, body) == 204
    run_jobs()
    known = "bounced" if entered else "sent"
    assert shown(api, mail) == {**dict.fromkeys(people, known), "": "bounced"}
    assert Suppression.objects.count() == entered


def test_an_event_on_some_recipient_is_the_mails_own(api: APIClient, hook: str) -> None:
    people = ("grace@example.org", "hedy@example.org")
    mail = send(api, *people)
    reference = Mail.objects.get().reference or ""
    for body in (event("complained", reference, *people), event("delivered", reference, *people)):
        assert post(hook, body) == 204
    run_jobs()
    assert shown(api, mail) == {**dict.fromkeys(people, "delivered"), "": "complained"}
    said = [entry["detail"] for entry in api.get(f"{MESSAGES}/{mail['id']}").json()["timeline"]]
    assert "Resend does not say which recipient this is about." in said


def test_each_recipient_has_a_status_of_its_own_whatever_group_it_is_in(
    api: APIClient, hook: str
) -> None:
    mail = send(api, "ada@example.org", cc=["bea@example.org"], bcc=["cy@example.org"])
    reference = Mail.objects.get().reference or ""
    for kind, address in (("delivered", "ada"), ("bounced", "bea"), ("complained", "cy")):
        assert post(hook, event(kind, reference, f"{address}@example.org")) == 204
    run_jobs()
    assert shown(api, mail) == {
        "ada@example.org": "delivered",
        "bea@example.org": "bounced",
        "cy@example.org": "complained",
        "": "complained",
    }


def test_an_event_that_is_replayed_is_stored_once(api: APIClient, hook: str) -> None:
    send(api, "grace@example.org")
    body = event("delivered", Mail.objects.get().reference or "", "grace@example.org")
    assert [post(hook, body, key="msg_1") for _ in range(3)] == [204] * 3
    run_jobs()
    assert Delivery.objects.count() == 1
    assert Mail.objects.get().timeline.filter(status="delivered").count() == 1


def test_another_accounts_proof_changes_no_mail(
    api: APIClient, hook: str, stranger: User, user: User
) -> None:
    mail = send(api, "grace@example.org")
    own = Mail.objects.get()
    other = "whsec_" + base64.b64encode(b"a secret of a stranger's").decode()
    store_resend(stranger, api_key="re_demo", webhook_secret=other)
    row = store.find(user=stranger, provider="resend")
    assert row is not None
    body = event(
        "bounced", own.reference or "", "grace@example.org", tags={"ava_mail": str(own.pk)}
    )
    assert post(f"{ADDRESS}?account={row.pk}", body, secret=other) == 204
    assert post(hook, body, secret=other) == 403
    run_jobs()
    assert shown(api, mail)[""] == "sent"
    assert not Suppression.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"svix-signature": ""}, 403),
        ({"svix-signature": "v1,AAAA"}, 403),
        ({"svix-signature": "v1,not base64!"}, 400),
        ({"svix-signature": "v1,é"}, 400),
        ({"svix-signature": "v2,AAAA"}, 403),
        ({"svix-signature": "nonsense"}, 400),
        ({"svix-timestamp": "soon"}, 400),
        ({"svix-timestamp": "1"}, 403),
        ({"svix-timestamp": "nan"}, 403),
        ({"svix-id": ""}, 403),
        ({"svix-id": "another"}, 403),
    ],
)
def test_what_is_not_signed_right_is_refused(
    hook: str, headers: dict[str, str], status: int
) -> None:
    assert post(hook, event("delivered", "x", "a@b.example"), **headers) == status
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("secret", ["whsec_==========", "!" * 20, "a-secret-of-our-own"])
def test_a_stored_secret_that_signs_nothing_proves_nothing(
    hook: str, user: User, secret: str
) -> None:
    store_resend(user, webhook_secret=secret)
    assert post(hook, event("delivered", "x", "a@b.example")) == 403
    assert Refusal.objects.filter(owner=user).exists()


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"{}", b'{"type": "email.sent"}', b'{"type": 1, "data": {}}']
)
def test_a_body_that_is_no_event_is_malformed(hook: str, body: bytes) -> None:
    assert post(hook, body) == 400


def test_odd_members_of_an_event_do_no_harm(hook: str) -> None:
    for data in ({"to": "a@b.example"}, {"to": [1, None]}, {"tags": "x"}, {"bounce": []}):
        body = {"type": "email.bounced", "data": {"email_id": 7, **data}}
        assert post(hook, body) == 204
    assert post(hook, {"type": "email.opened", "data": {}}) == 204
    run_jobs()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert not Recipient.objects.exists()
