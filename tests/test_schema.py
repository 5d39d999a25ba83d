"""The OpenAPI document: valid, complete, served without reaching outside."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator


def test_the_document_is_openapi_3_1_without_a_warning(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's fixture
    target = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    assert target.read_text().startswith("openapi: 3.1")


@pytest.mark.parametrize(
    ("accept", "content_type", "read"),
    [
        ("*/*", "application/vnd.oai.openapi", yaml.safe_load),
        ("application/yaml", "application/yaml", yaml.safe_load),
        ("application/json", "application/json", json.loads),
    ],
)
def test_the_document_is_served_in_each_format_and_made_once(
    client: Client, accept: str, content_type: str, read: Callable[[bytes], Any]
) -> None:
    made = SchemaGenerator().get_schema(request=None, public=True)
    headers = {"Accept": accept}
    first = client.get("/api/schema", headers=headers)
    assert (first.status_code, first["Content-Type"]) == (200, content_type)
    assert read(first.content) == json.loads(json.dumps(made))
    began = time.process_time()
    again = client.get("/api/schema?version=7&lang=de", headers=headers)
    # Made anew it took 0.2 s, the documents of twenty requests 4 s.
    for _ in range(20):
        client.get("/api/schema", headers=headers)
    assert time.process_time() - began < 1
    assert again.content == first.content
    assert again["Vary"] == "Accept"


def test_whoever_has_the_document_is_not_sent_it_again(client: Client) -> None:
    etag = client.get("/api/schema")["ETag"]
    answer = client.get("/api/schema", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    other = client.get("/api/schema?format=json", headers={"If-None-Match": etag})
    assert other.status_code == 200


def test_the_document_is_rate_limited_though_it_is_at_hand(client: Client) -> None:
    codes = [client.get("/api/schema").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]


def test_every_operation_documents_its_problems(client: Client) -> None:
    paths = client.get("/api/schema", headers={"Accept": "application/json"}).json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            refusal = operation["responses"]["429"]["content"]
            assert list(refusal) == ["application/problem+json"], (path, method)


def test_a_provider_s_failures_are_documented_where_one_is_asked(client: Client) -> None:
    paths = client.get("/api/schema", headers={"Accept": "application/json"}).json()["paths"]
    asked = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "502" in operation["responses"]
    }
    twilio = {operation for operation in asked if "/twilio/" in operation}
    assert {operation for operation in twilio if "credentials" not in operation} == {
        "GET /twilio/numbers",
        "POST /twilio/calls",
        "POST /twilio/calls/{call_id}/hangup",
        "POST /twilio/messages",
        "POST /twilio/messages/bulk",
    }
    assert {"GET /vapi/settings", "POST /integrations/vapi/credentials/verify"} <= asked
    assert "GET /integrations" not in asked


def test_where_nothing_passes_uncounted_the_limiters_failure_is_documented(client: Client) -> None:
    paths = client.get("/api/schema", headers={"Accept": "application/json"}).json()["paths"]
    for path, method in (("login", "post"), ("refresh", "post"), ("me", "get")):
        answers = paths[f"/api/v1/auth/{path}"][method]["responses"]
        assert "503" in answers
        assert "502" not in answers
    assert "503" not in paths["/api/v1/twilio/calls"]["get"]["responses"]


def test_the_documentation_page_loads_nothing_from_outside(client: Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    script = client.get(re.findall(r'src="(/api/docs[^"]*)"', page.content.decode())[0])
    for text in (page.content.decode(), script.content.decode()):
        addresses = re.findall(r"""["'](?:https?:)?//[^"']+""", text)
        assert addresses == []
    assert "script-src 'self'" in page["Content-Security-Policy"]
