"""Resend's mails: sent once, listed, shown, refused; each answer held against its document."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.resend.errors import RefusedError
from sandbox.resend.idempotency import IdempotencyKeys
from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.resend_client import MAIL, Resend, refusal


def test_a_mail_is_sent_and_lies_whole_in_the_mailbox(resend: Resend, control: Client) -> None:
    content = base64.b64encode(b"%PDF-1.7").decode()
    sent = resend.send(
        to="Bob <Bob@example.org>",
        cc=["carl@example.org"],
        bcc=["dora@example.org"],
        reply_to="desk@example.com",
        html="<p>How are you?</p>",
        headers={"X-Entity-Ref-ID": "1"},
        attachments=[{"filename": "a.pdf", "content_type": "application/pdf", "content": content}],
        tags=[{"name": "kind", "value": "invitation"}],
    )
    assert sent.status_code == 200
    (mail,) = control.get("/mailbox?to=bob@example.org").json()["mails"]
    assert mail.pop("at").endswith("Z")
    assert mail == {
        "id": sent.json()["id"],
        "via": "resend",
        "from": "Ada <ada@example.com>",
        "to": ["Bob <Bob@example.org>"],
        "cc": ["carl@example.org"],
        "bcc": ["dora@example.org"],
        "reply_to": ["desk@example.com"],
        "subject": "Hello",
        "text": "How are you?",
        "html": "<p>How are you?</p>",
        "headers": {"X-Entity-Ref-ID": "1"},
        "attachments": [
            {
                "filename": "a.pdf",
                "content_type": "application/pdf",
                "content": content,
                "size": 8,
            }
        ],
    }
    assert control.get("/mailbox?to=dora@example.org").json()["mails"]
    assert control.get("/mailbox?to=ada@example.com").json() == {"mails": []}
    (effect,) = control.get("/effects").json()["mails"]
    assert effect["to"] == ["bob@example.org", "carl@example.org", "dora@example.org"]
    assert (effect["id"], effect["via"], effect["from"]) == (
        mail["id"],
        "resend",
        "ada@example.com",
    )
    control.post("/reset")
    assert control.get("/mailbox").json() == {"mails": []}
    assert resend.get(f"/emails/{mail['id']}").status_code == 404


def test_mails_are_listed_page_by_page_and_shown(resend: Resend, control: Client) -> None:
    control.post("/pace", {"mail_ms": 3_600_000})
    ids = [resend.send(subject=f"No. {number}").json()["id"] for number in range(5)][::-1]
    first = resend.get("/emails?limit=2").json()
    assert ([mail["id"] for mail in first["data"]], first["has_more"]) == (ids[:2], True)
    rest = resend.get(f"/emails?after={ids[1]}").json()
    assert ([mail["id"] for mail in rest["data"]], rest["has_more"]) == (ids[2:], False)
    newer = resend.get(f"/emails?before={ids[3]}&limit=2").json()
    assert ([mail["id"] for mail in newer["data"]], newer["has_more"]) == (ids[1:3], True)
    shown = resend.get(f"/emails/{ids[0]}").json()
    assert (shown["subject"], shown["text"], shown["last_event"]) == (
        "No. 4",
        "How are you?",
        "queued",
    )
    assert refusal(resend.get("/emails/none"))[:2] == (404, "not_found")
    for query in ("limit=0", "limit=x", "after=none", f"after={ids[0]}&before={ids[1]}"):
        assert refusal(resend.get(f"/emails?{query}"))[:2] == (422, "validation_error")


def test_the_same_key_and_body_send_one_mail_and_answer_alike(
    resend: Resend, sandbox: Sandbox
) -> None:
    answers = [resend.send("invitation/1").json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(sandbox.mails()) == 1
    assert resend.send("invitation/2").json() != answers[0]
    assert resend.send().json() != answers[0]


def test_the_same_key_with_another_body_is_refused(resend: Resend, sandbox: Sandbox) -> None:
    resend.send("invitation/1")
    refused = resend.send("invitation/1", subject="Other")
    assert refusal(refused)[:2] == (409, "invalid_idempotent_request")
    assert len(sandbox.mails()) == 1


def test_a_refused_mail_leaves_its_key_free(resend: Resend) -> None:
    assert resend.send("invitation/1", to=["nobody"]).status_code == 422
    assert resend.send("invitation/1").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 257])
def test_a_key_too_short_or_too_long_is_refused(resend: Resend, key: str) -> None:
    assert refusal(resend.send(key))[:2] == (400, "invalid_idempotency_key")


def test_a_key_is_kept_for_24_hours() -> None:
    now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    keys = IdempotencyKeys(lambda: now)
    keys.keep("invitation/1", MAIL, "mail-1")
    now += timedelta(hours=23, minutes=59)
    assert keys.result("invitation/1", MAIL) == "mail-1"
    with pytest.raises(RefusedError):
        keys.result("invitation/1", {})
    now += timedelta(minutes=1)
    assert keys.result("invitation/1", {}) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"to": []}, (422, "missing_required_field", "Missing `to` field.")),
        ({"from": ""}, (422, "missing_required_field", "Missing `from` field.")),
        ({"subject": None}, (422, "missing_required_field", "Missing `subject` field.")),
        ({"text": ""}, (422, "validation_error", "Missing `html` or `text` field.")),
        (
            {"to": ["bob@example.org", "bob"]},
            (
                422,
                "validation_error",
                "Invalid `to` field. The email address needs to follow the `email@example.com` "
                "or `Name <email@example.com>` format.",
            ),
        ),
        (
            {"to": [f"bob{number}@example.org" for number in range(51)]},
            (422, "validation_error", "The `to` field must have at most 50 items."),
        ),
        (
            {"from": "ada@other.example"},
            (
                403,
                "validation_error",
                "The other.example domain is not verified. Please, add and verify your domain on "
                "https://resend.com/domains",
            ),
        ),
        (
            {"subject": "Hello\nBcc: eve@example.org"},
            (422, "validation_error", "The `\\n` is not allowed in the `subject` field."),
        ),
        (
            {"headers": {"X-One": "1\r\nBcc: eve@example.org"}},
            (422, "validation_error", "The `\\n` is not allowed in the `headers` field."),
        ),
        (
            {"headers": {"X-One": 1}},
            (422, "validation_error", "The `headers` field must be an object of strings."),
        ),
        (
            {"attachments": [{"filename": "a.txt"}]},
            (422, "invalid_attachment", "Attachment must have either a `content` or `path`."),
        ),
        (
            {"attachments": [{"filename": "a.txt", "content": "no base64"}]},
            (422, "validation_error", "The `content` of an attachment must be Base64."),
        ),
        (
            {"tags": [{"name": "kind", "value": "für"}]},
            (
                422,
                "validation_error",
                "Tags should only contain ASCII letters, numbers, underscores, or dashes.",
            ),
        ),
        (
            {"scheduled_at": "in 1 min"},
            (422, "validation_error", "The sandbox does not play `scheduled_at`."),
        ),
    ],
)
def test_what_resend_would_refuse_is_refused_and_not_sent(
    resend: Resend, sandbox: Sandbox, fields: Any, expected: tuple[int, str, str]
) -> None:
    assert refusal(resend.send(**fields)) == expected
    assert sandbox.mails() == []


def test_a_body_that_is_no_json_object_is_refused(resend: Resend) -> None:
    assert refusal(resend.call("POST", "/emails", data="{"))[0] == 400
    assert refusal(resend.call("POST", "/emails", json=[]))[0] == 422


def test_other_keys_methods_and_paths_are_refused_as_resend_does(resend: Resend) -> None:
    wrong = resend.post("/emails", MAIL)
    assert wrong.status_code == 200
    resend.session.headers["Authorization"] = "Bearer re_other"
    assert refusal(resend.send()) == (401, "validation_error", "API key is invalid")
    del resend.session.headers["Authorization"]
    assert refusal(resend.send()) == (401, "missing_api_key", "Missing API Key")
    resend.session.headers["Authorization"] = "Bearer re_demo"
    assert refusal(resend.delete("/emails"))[:2] == (405, "method_not_allowed")
    assert refusal(resend.get("/broadcasts"))[:2] == (404, "not_found")


def test_attachments_of_several_megabytes_are_taken(resend: Resend, sandbox: Sandbox) -> None:
    content = base64.b64encode(bytes(4_000_000)).decode()
    resend.send(attachments=[{"filename": "a.bin", "content": content}])
    assert sandbox.mails()[0].attachments[0]["size"] == 4_000_000
