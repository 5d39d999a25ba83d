"""null in the bodies of requests: one rule for all, walked by the OpenAPI document."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from sandbox.server import Sandbox

Schema = dict[str, Any]

# Members in which null is a value.
VALUES = {("PUT", "/api/v1/vapi/settings/{key}", "value")}
PERSON = "+14155550199"
FILLED: dict[str, dict[str, Any]] = {
    "/api/v1/auth/login": {"identifier": "ada", "password": "wrong"},
    "/api/v1/auth/refresh": {"refresh_token": "nonsense"},
    "/api/v1/auth/tokens": {"name": "CI", "scope": "read"},
    "/api/v1/integrations/email/test": {"to": "x@example.com", "subject": "x", "text": "x"},
    "/api/v1/integrations/email/messages": {
        "to": ["x@example.com"],
        "subject": "x",
        "text": "x",
    },
    "/api/v1/integrations/calendar/{provider}/events": {
        "title": "x",
        "start": "2026-12-15T10:00:00Z",
        "end": "2026-12-15T10:30:00Z",
    },
    "/api/v1/integrations/email/summaries": {"enabled": False, "recipients": []},
    "/api/v1/integrations/email/suppressions": {"address": "x@example.com"},
    "/api/v1/twilio/calls": {"to": PERSON, "say": "Hi"},
    "/api/v1/twilio/messages": {"to": PERSON, "body": "Hi"},
    "/api/v1/twilio/messages/bulk": {"recipients": [PERSON], "body": "Hi"},
    "/api/v1/twilio/opt-outs": {"number": PERSON},
    "/api/v1/vapi/booking-tool": {"calendar": "google"},
    "/api/v1/vapi/phone-numbers": {
        "number": PERSON,
        "replace_voice_url": True,
        "password": "wrong",
    },
    "/api/v1/vapi/settings/{key}": {"value": 1},
    "/api/v1/vapi/settings/{key}/revert": {"revision": 1},
    "/api/v1/integrations/vapi/credentials": {"api_key": "vapi-demo-key"},
    "/api/v1/integrations/twilio/credentials": {
        "account_sid": f"AC{'0' * 32}",
        "auth_token": "twilio-demo-token",
    },
    "/api/v1/integrations/resend/credentials": {"api_key": "re_demo", "from_email": "a@b.example"},
    "/api/v1/integrations/smtp/credentials": {
        "host": "127.0.0.1",
        "port": 587,
        "security": "starttls",
        "username": "ada",
        "password": "a password",
        "from_email": "ada@example.com",
    },
}
"""A body of each operation, with what it must have at least."""


@pytest.fixture(scope="module")
def document() -> Schema:
    document: Schema = SchemaGenerator().get_schema(request=None, public=True)
    return document


def bodies(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Each operation that takes a body, with the body's schema."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if body := operation.get("requestBody"):
                [media] = body["content"].values()
                yield method.upper(), path, resolved(media["schema"], document)


def resolved(schema: Schema, document: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


Send = Callable[[str, str, dict[str, Any]], tuple[int, Any]]


@pytest.fixture
def send(api: APIClient, settings: Any, sandbox: Sandbox, reset: Callable[..., None]) -> Send:
    settings.RATE_LIMIT_PER_MINUTE = 100_000

    def send(method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The answer's status, and what it says is wrong. What counts guesses starts anew."""
        reset()
        path = path.replace("{key}", "temperature")
        sent = getattr(api, method.lower())(path, json.dumps(body), content_type="application/json")
        return sent.status_code, sent.json().get("errors") or sent.json().get("detail")

    return send


def test_a_member_that_is_null_is_absent_in_every_body(document: Schema, send: Send) -> None:
    walked = set()
    for method, path, schema in bodies(document):
        walked.add(path)
        for name in schema["properties"]:
            if (method, path, name) in VALUES:
                continue
            for body in ({}, FILLED[path]):
                without = {key: value for key, value in body.items() if key != name}
                expected = send(method, path, without)
                assert send(method, path, {**without, name: None}) == expected, (path, name)
    assert walked == FILLED.keys()


def test_what_is_null_in_the_items_of_a_list_is_absent(send: Send) -> None:
    path = "/api/v1/twilio/messages/bulk"
    for item in ({"to": PERSON}, {"body": "Hi"}, {}):
        nulls = {"to": None, "body": None, **item}
        absent = send("POST", path, {"messages": [item]})
        assert absent[0] == 400
        assert send("POST", path, {"messages": [nulls]}) == absent


def test_the_document_says_so(document: Schema) -> None:
    for method, path, schema in bodies(document):
        for name, member in schema["properties"].items():
            optional = name not in schema.get("required", ())
            member = resolved(member, document)
            null = "null" in member.get("type", ()) or {"type": "null"} in member.get("oneOf", ())
            takes_any = not member.keys() - {"description"}
            assert (null or takes_any) == optional or (method, path, name) in VALUES, (path, name)


def stored(api: APIClient, provider: str) -> None:
    path = f"/api/v1/integrations/{provider}/credentials"
    assert api.put(path, FILLED[path], format="json").status_code == 200


@pytest.mark.parametrize("value", [None, {"a": None, "b": [None, {"c": None}]}, [None]])
def test_in_the_value_of_a_setting_null_is_a_value(
    api: APIClient, sandbox: Sandbox, value: Any
) -> None:
    stored(api, "vapi")
    path = "/api/v1/vapi/settings/of_my_own"
    answer = api.put(path, {"value": value}, format="json")
    assert (answer.status_code, answer.json()["setting"]["value"]) == (200, value)
    assert api.get(path).json()["setting"]["value"] == value
    assert api.put(path, {}, format="json").status_code == 400


def test_a_message_with_nulls_is_the_one_without_under_the_same_key(
    api: APIClient, sandbox: Sandbox
) -> None:
    stored(api, "twilio")
    path = "/api/v1/twilio/messages"
    once = {"HTTP_IDEMPOTENCY_KEY": "one"}
    body = {"to": PERSON, "from": "+15005550006", "body": "Hi"}
    first = api.post(path, {**body, "send_at": None}, format="json", **once)
    again = api.post(path, body, format="json", **once)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
