"""Events of Resend, signed as by Svix, and what AVA is asked about them."""

import base64
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from django.test import Client
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from integrations.email.tests.mailing import MAIL, MESSAGES

SECRET = "whsec_" + base64.b64encode(b"a secret of Resend's, 24").decode()
LIST = "/api/v1/integrations/email/suppressions"
EVENTS = ["email.sent", "email.delivered", "email.bounced", "email.complained", "email.suppressed"]
ADDRESS = "/api/v1/webhooks/resend"


def send(api: APIClient, *to: str, **more: Any) -> Any:
    answer = api.post(MESSAGES, {**MAIL, "to": [*to], **more}, format="json")
    assert answer.status_code in (201, 202), answer.content
    return answer.json()


def event(kind: str, mail: str, *to: str, **data: Any) -> dict[str, Any]:
    about = {"email_id": mail, "to": [*to], "created_at": "2026-12-02T10:00:00Z", **data}
    return {"type": f"email.{kind}", "created_at": "2026-12-02T10:00:00Z", "data": about}


def post(hook: str, body: Any, *, secret: str = SECRET, key: str = "", **headers: str) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    key, now = key or f"msg_{uuid.uuid4().hex}", datetime.now(UTC)
    given = {
        "svix-id": key,
        "svix-timestamp": str(int(now.timestamp())),
        "svix-signature": Webhook(secret).sign(key, now, raw.decode()),
        **headers,
    }
    given = {name: value for name, value in given.items() if value}
    answer = Client().post(hook, raw, content_type="application/json", headers=given)
    return answer.status_code
