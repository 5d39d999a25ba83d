"""POST /api/v1/integrations/email/messages, against the sandbox."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.email.tests.mailing import MAIL, MESSAGES, TEST, arrived, fault, store_resend
from sandbox.server import Sandbox

KEY = {"Idempotency-Key": "mail-1"}


def test_a_mail_goes_by_resend_with_everything_that_was_asked_for(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    wanted = {
        **MAIL,
        "cc": ["cc@example.org"],
        "bcc": "bcc@example.org",
        "reply_to": "answers@example.com",
        "html": "<p>It works.</p>",
    }
    answer = api.post(MESSAGES, wanted, headers={"X-Correlation-ID": "mail-7"})
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["backend"], shown["status"], shown["correlation_id"]) == (
        "resend",
        "sent",
        "mail-7",
    )
    assert [(one["kind"], one["address"], one["status"]) for one in shown["recipients"]] == [
        ("to", "grace@example.org", "sent"),
        ("cc", "cc@example.org", "sent"),
        ("bcc", "bcc@example.org", "sent"),
    ]
    assert [(one["status"], one["detail"]) for one in shown["timeline"]] == [
        ("pending", "attempt 1"),
        ("sent", "Resend has taken it."),
    ]
    [mail] = arrived(sandbox)
    assert (mail["via"], mail["from"], mail["to"]) == (
        "resend",
        "ada@example.com",
        ["grace@example.org"],
    )
    assert (mail["cc"], mail["bcc"]) == (["cc@example.org"], ["bcc@example.org"])
    assert mail["reply_to"] == ["answers@example.com"]
    assert (mail["text"], mail["html"]) == ("It works.", "<p>It works.</p>")
    assert mail["headers"]["Message-ID"] == f"<{shown['id']}@example.com>"
    [request] = sandbox.requests("resend")
    assert request.headers["idempotency-key"] == shown["id"]
    assert request.headers["x-correlation-id"] == "mail-7"


def test_a_mail_goes_by_smtp_where_the_user_has_no_resend(
    api: APIClient, smtp_user: User, sandbox: Sandbox
) -> None:
    answer = api.post(MESSAGES, {**MAIL, "bcc": ["bcc@example.org"], "html": "<p>Häh</p>"})
    assert (answer.status_code, answer.json()["status"]) == (201, "sent")
    [mail] = arrived(sandbox)
    assert (mail["via"], mail["from"], mail["subject"]) == ("smtp", "smtp@example.com", "Hello")
    assert "<p>Häh</p>" in mail["html"]
    assert "bcc@example.org" not in str(mail["headers"])


def test_html_alone_is_sent_as_html(api: APIClient, resend_user: User, sandbox: Sandbox) -> None:
    wanted = {**MAIL, "html": "<p>Hi</p>"}
    del wanted["text"]
    assert api.post(MESSAGES, wanted).status_code == 201
    [mail] = arrived(sandbox)
    assert (mail["text"], mail["html"]) == (None, "<p>Hi</p>")


def test_what_is_not_transactional_says_how_to_unsubscribe(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    api.post(MESSAGES, {**MAIL, "transactional": False, "reply_to": "answers@example.com"})
    api.post(MESSAGES, MAIL)
    headers = [mail["headers"].get("List-Unsubscribe") for mail in arrived(sandbox)]
    assert sorted(headers, key=str) == ["<mailto:answers@example.com?subject=unsubscribe>", None]


def test_the_same_key_and_body_send_one_mail(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    first = api.post(MESSAGES, MAIL, headers=KEY)
    second = api.post(MESSAGES, MAIL, headers=KEY)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert api.post(MESSAGES, {**MAIL, "text": "Else."}, headers=KEY).status_code == 422
    assert len(arrived(sandbox)) == 1


def test_an_address_that_is_named_twice_gets_one_mail(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    people = {"to": ["grace@münchen.de", "Grace@MÜNCHEN.de"], "cc": ["grace@xn--mnchen-3ya.de"]}
    answer = api.post(MESSAGES, {**MAIL, **people})
    assert [one["address"] for one in answer.json()["recipients"]] == ["grace@münchen.de"]


@pytest.mark.parametrize("store", ["resend_user", "smtp_user"])
def test_a_domain_of_another_script_is_the_one_that_mail_servers_know(
    api: APIClient, request: pytest.FixtureRequest, sandbox: Sandbox, store: str
) -> None:
    request.getfixturevalue(store)
    people = {"to": "Grace@straße.example", "cc": "alan@MÜNCHEN.example"}
    assert api.post(MESSAGES, {**MAIL, **people}).status_code == 201
    [mail] = arrived(sandbox)
    assert mail["to"] == ["Grace@xn--strae-oqa.example"]
    assert mail["cc"] == ["alan@xn--mnchen-3ya.example"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": []}, "to"),
        ({"to": [f"x{number}@example.org" for number in range(51)]}, "to"),
        ({"cc": [f"x{number}@example.org" for number in range(50)]}, "to"),
        ({"to": ["ada@example.org\nBcc: eve@example.org"]}, "to.0"),
        ({"reply_to": ["not an address"]}, "reply_to.0"),
        ({"to": ['"grace"@example.org']}, "to.0"),
        ({"cc": ["=?utf-8?q?grace?=@example.org"]}, "cc.0"),
        ({"bcc": ["=?utf-8?q?grace=40example.org=3e=0d=0a?=@example.org"]}, "bcc.0"),
        ({"to": ['"x<eve@example.org>"@example.org']}, "to.0"),
        ({"to": [f"a@{'ü' * 60}.example"]}, "to.0"),
        ({"to": ["gr\u017face@example.org"]}, "to.0"),
        ({"subject": "Hello\r\nBcc: eve@example.org"}, "subject"),
        ({"subject": "=?utf-8?q?Hello=0d=0aBcc:_eve=40example.org?="}, "subject"),
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
    ],
)
def test_each_field_is_checked_and_named(
    api: APIClient, resend_user: User, sandbox: Sandbox, changes: dict[str, Any], field: str
) -> None:
    answer = api.post(MESSAGES, {**MAIL, **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    assert list(answer.json()["errors"]) == [field]
    assert arrived(sandbox) == []


def test_a_refused_key_is_said_and_nothing_is_sent(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store_resend(user, api_key="re_planted_wrong")
    answer = api.post(MESSAGES, MAIL, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (401, "provider_auth_failed")
    assert answer["WWW-Authenticate"] == 'Resend realm="provider"'
    [row] = api.get(MESSAGES).json()["results"]
    assert (row["status"], row["error"]) == (
        "failed",
        "Invalid Resend API key. Please update your credentials in Settings.",
    )
    # The same key may begin again.
    store_resend(user)
    assert api.post(MESSAGES, MAIL, headers=KEY).status_code == 201


def test_a_domain_that_is_not_verified_is_said_as_what_it_is(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store_resend(user, from_email="ada@unverified.example")
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["code"]) == (400, "mail_sender_refused")
    assert "ada@unverified.example" in answer.json()["detail"]


def test_what_resend_refuses_is_a_sentence_without_resends_words(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "status", status=422, match="POST /emails")
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["code"]) == (400, "mail_refused")
    assert answer.json()["detail"].startswith("Resend does not take this e-mail.")
    assert arrived(sandbox) == []


def test_a_test_mail_is_sent_and_can_be_read(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    wanted = {"to": "grace@example.org", "subject": "Hello", "text": "It works."}
    answer = api.post(TEST, wanted)
    assert answer.json() == {
        "backend": "resend",
        "delivered": True,
        "message": "Resend has taken the e-mail.",
        "id": answer.json()["id"],
    }
    assert api.get(f"{MESSAGES}/{answer.json()['id']}").json()["text"] == "It works."


def test_in_stub_mode_a_mail_is_kept_and_says_that_it_was_not_sent(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["backend"]) == (201, "stub")
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"].startswith("Email not sent in stub mode.")
    assert arrived(sandbox) == []


def test_without_stubs_and_with_nothing_configured_it_is_refused(
    api: APIClient, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "Stub integrations are disabled in production. "
        "Please configure a real email provider in Settings.",
    )


def test_no_log_line_holds_an_address_a_text_or_a_key(
    api: APIClient, both_user: User, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    fault(sandbox, "resend", "status", status=429, count=1, match="POST /emails")
    api.post(MESSAGES, {**MAIL, "text": "planted-text", "subject": "planted-subject"})
    for planted in ("planted", "grace@example.org", "re_demo", "smtp-demo"):
        assert planted not in caplog.text


def test_a_stranger_sees_none_of_it(
    api: APIClient, strangers_api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    mine = api.post(MESSAGES, MAIL).json()["id"]
    assert strangers_api.get(f"{MESSAGES}/{mine}").status_code == 404
    assert strangers_api.get(MESSAGES).json()["results"] == []


def test_the_list_is_filtered_and_searched(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    api.post(MESSAGES, {**MAIL, "subject": "Invoice 7"})
    api.post(MESSAGES, {**MAIL, "to": ["alan@example.org"]})

    def subjects(query: str) -> list[str]:
        return [row["subject"] for row in api.get(f"{MESSAGES}?{query}").json()["results"]]

    assert subjects("") == ["Hello", "Invoice 7"]
    assert subjects("search=INVOICE") == ["Invoice 7"]
    assert subjects("search=alan@") == ["Hello"]
    assert subjects("status=failed") == []
    assert subjects("backend=resend&limit=1") == ["Hello"]
    assert "text" not in api.get(MESSAGES).json()["results"][0]
    assert api.get(f"{MESSAGES}?status=else").status_code == 400
