"""Requests of AVA's mails, held against Resend's document."""

import json
from typing import Any

from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.email.tests.mailing import MAIL, MESSAGES, fault
from sandbox.server import Sandbox
from sandbox.tests.rest_spec import Rest, again


def held(sandbox: Sandbox) -> list[str]:
    """Everything that Resend was asked, as documented. Returns: methods and paths."""
    spec = Rest("resend.json", "http://provider")
    asked = []
    for one in sandbox.requests("resend"):
        body: Any = json.loads(one.body) if isinstance(one.body, str) else one.body
        spec.check_request(again(one.method, one.path, one.query, body))
        assert one.headers["authorization"].startswith("Bearer ")
        asked.append(f"{one.method} {one.path}")
    return asked


def test_a_mail_with_all_that_it_may_have_is_sent_as_documented(
    api: APIClient, resend_user: User, sandbox: Sandbox
) -> None:
    api.post(MESSAGES, MAIL)
    more = {"cc": ["cc@example.org"], "bcc": ["bcc@example.org"], "reply_to": "ada@example.com"}
    api.post(MESSAGES, {**MAIL, **more, "html": "<p>Hi</p>", "transactional": False})
    assert held(sandbox) == ["POST /emails"] * 2


def test_the_list_of_mails_is_asked_for_as_documented(
    api: APIClient, both_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "status", status=500, match="POST /emails")
    api.post(MESSAGES, MAIL)
    assert held(sandbox)[-1] == "GET /emails"
