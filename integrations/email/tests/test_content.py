"""Templates and attachments of mails, as they arrive."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.email.content.catalogue import TEMPLATES
from integrations.email.models import MailAttachment
from integrations.email.tests.mailing import MAIL, MESSAGES, arrived
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db

LIST = "/api/v1/integrations/email/templates"
TO = {"to": ["grace@example.org"]}
PDF = {
    "filename": "offer.pdf",
    "content_type": "application/pdf",
    "content": base64.b64encode(b"%PDF-1.7 ...").decode(),
}


def send(api: APIClient, **body: Any) -> Any:
    return api.post(MESSAGES, {**TO, **body}, format="json")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_shown_with_its_sample_and_arrives_like_that(
    api: APIClient, resend_user: User, sandbox: Sandbox, name: str
) -> None:
    shown = api.get(f"{LIST}/{name}").json()
    assert shown["subject"]
    assert "style=" in shown["html"]
    assert "<style" not in shown["html"]
    answer = send(api, template=name, context=dict(TEMPLATES[name].sample))
    assert answer.status_code == 201, answer.content
    [mail] = arrived(sandbox)
    assert (mail["subject"], mail["html"]) == (shown["subject"], shown["html"])
    assert mail["text"].strip() == shown["text"].strip()


def test_the_list_names_the_fields_of_each_template(api: APIClient) -> None:
    found = {one["name"]: one for one in api.get(LIST).json()["results"]}
    assert set(found) == {"plain", "invitation", "call_summary", "alarm"}
    assert set(found["invitation"]["required"]) == {"inviter", "link"}


def test_a_template_that_is_not_there_is_named(api: APIClient) -> None:
    answer = api.get(f"{LIST}/birthday")
    assert answer.status_code == 404
    assert "call_summary" in answer.json()["detail"]


def test_what_is_filled_in_is_text_not_html(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    body = "<script>alert(1)</script> & more {{ settings.SECRET_KEY }}"
    heading = "a\nb\x01c =?utf-8?q?d=0d=0aBcc:_eve?="
    assert (
        send(api, template="plain", context={"body": body, "heading": heading}).status_code == 201
    )
    [mail] = arrived(sandbox)
    assert "<script" not in mail["html"]
    assert body in mail["text"]
    assert mail["subject"] == "a b c ?utf-8?q?d=0d=0aBcc:_eve?="


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"template": "birthday"}, "template"),
        ({"template": "plain"}, "context"),
        ({"template": "plain", "context": {"body": "x", "colour": "red"}}, "context"),
        ({"template": "plain", "context": {"body": " "}}, "context"),
        ({"template": "plain", "context": {"body": "x"}, "text": "x"}, "template"),
        ({"context": {"body": "x"}, "text": "x", "subject": "x"}, "context"),
        *(
            ({"template": "invitation", "context": {"inviter": "x", "link": link}}, "context")
            for link in ("javascript:x", "https://x.example/ or call", "https://x.example/\n\nPay")
        ),
        ({"text": "x"}, "subject"),
    ],
)
def test_a_template_that_is_filled_wrong_is_explained(
    api: APIClient, resend_user: User, sandbox: Sandbox, body: dict[str, Any], field: str
) -> None:
    answer = send(api, **body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert arrived(sandbox) == []


def test_attachments_arrive_and_are_not_kept(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    answer = send(api, **MAIL | TO, attachments=[PDF])
    assert answer.status_code == 201, answer.content
    assert answer.json()["attachments"] == [
        {"filename": "offer.pdf", "content_type": "application/pdf", "size": 12}
    ]
    [mail] = arrived(sandbox)
    [found] = mail["attachments"]
    assert found["filename"] == "offer.pdf"
    assert MailAttachment.objects.get().content is None


@pytest.mark.parametrize("store", ["resend_user", "smtp_user"])
@pytest.mark.parametrize(
    ("filename", "kind", "content"),
    [
        ("list.csv", "text/csv", "a,b\nä,ö\r\nc\r".encode()),
        ("list.csv", "text/csv", "ä,ö\r\n".encode("latin-1")),
        ("ü\u2028Bcc: eve@example.org.pdf", "application/pdf", b"%PDF-1.7\r\n.\r\n\xff"),
        ('a"; filename="b".pdf', "application/pdf", b"x"),
    ],
)
def test_the_bytes_and_the_name_of_a_file_arrive_as_they_are(
    api: APIClient,
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    store: str,
    filename: str,
    kind: str,
    content: bytes,
) -> None:
    request.getfixturevalue(store)
    encoded = base64.b64encode(content).decode()
    attached = {"filename": filename, "content_type": kind, "content": encoded}
    assert send(api, **MAIL | TO, attachments=[attached]).status_code == 201
    [mail] = arrived(sandbox)
    [found] = mail["attachments"]
    assert (found["filename"], found["content"]) == (filename, encoded)
    assert found["content_type"].partition(";")[0] == kind
    assert (mail["to"], mail["bcc"]) == (TO["to"], [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"filename": "a/b.pdf"}, "without slashes"),
        ({"filename": "a\nb.pdf"}, "without slashes"),
        ({"filename": "setup.EXE"}, "Mail providers refuse"),
        ({"content_type": "pdf"}, "such as application/pdf"),
        ({"filename": "setup.exe. ."}, "Mail providers refuse"),
        ({"filename": "setup.\uff45x\u200be"}, "Mail providers refuse"),
        ({"content_type": "application/pdf\r\nBcc: eve@example.org"}, "such as application/pdf"),
        ({"content_type": "multipart/mixed"}, "such as application/pdf"),
        ({"content_type": "message/partial"}, "such as application/pdf"),
        ({"content": "%%%"}, "no base64"),
        ({"content": "ä"}, "no base64"),
        ({"content": base64.b64encode(b"x" * 750_000).decode()}, "at most 700 KiB"),
    ],
)
def test_an_attachment_beyond_the_limits_is_explained(
    api: APIClient, resend_user: User, sandbox: Sandbox, changes: dict[str, str], said: str
) -> None:
    answer = send(api, **MAIL | TO, attachments=[PDF | changes])
    assert answer.status_code == 400, answer.content
    assert said in str(answer.json()["errors"])
    assert arrived(sandbox) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", ["x"] * 100_000),
        ("reply_to", ["x"] * 100_000),
        ("attachments", [{}] * 100_000),
        ("context", {str(number): [] for number in range(50_000)}),
    ],
)
def test_a_list_that_is_far_too_long_is_counted_and_not_looked_through(
    api: APIClient, resend_user: User, field: str, value: Any
) -> None:
    answer = send(api, **MAIL | {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert len(answer.content) < 1000


def test_a_request_that_is_too_large_says_what_attachments_may_have(api: APIClient) -> None:
    big = PDF | {"content": base64.b64encode(b"x" * 1_500_000).decode()}
    answer = send(api, **MAIL | TO, attachments=[big])
    assert answer.status_code == 413
    assert "at most 700 KiB" in answer.json()["detail"]


def test_there_are_ten_attachments_at_most(api: APIClient, resend_user: User) -> None:
    answer = send(api, **MAIL | TO, attachments=[PDF] * 11)
    assert "At most 10 attachments" in str(answer.json()["errors"])
