"""A client of Resend's API, as the sandbox plays it."""

from typing import Any

import requests

from sandbox.tests import specs
from sandbox.tests.client import Client
from sandbox.tests.rest_spec import Rest

MAIL = {
    "from": "Ada <ada@example.com>",
    "to": ["bob@example.org"],
    "subject": "Hello",
    "text": "How are you?",
}


class Resend(Client):
    """Resend's API with the demo key; what it takes and answers passes its document."""

    def __init__(self, url: str) -> None:
        super().__init__(url + "/resend")
        self.session.headers["Authorization"] = "Bearer re_demo"
        self.document = Rest("resend.json", self.base) if specs.available() else None

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = super().call(method, path, **options)
        if answer.ok and self.document:
            self.document.check(answer)
        return answer

    def send(self, key: str | None = None, **fields: Any) -> requests.Response:
        """Send a mail, with an idempotency key if one is given."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.call("POST", "/emails", json=MAIL | fields, headers=headers)


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    """An error in Resend's shape: status, name, message."""
    body = answer.json()
    assert body.keys() == {"statusCode", "name", "message"}
    assert body["statusCode"] == answer.status_code
    return answer.status_code, body["name"], body["message"]
