"""The OpenAPI document: valid, complete, served without reaching outside."""

import re

from django.core.management import call_command
from django.test import Client


def test_the_document_is_openapi_3_1_without_a_warning(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's fixture
    target = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    assert target.read_text().startswith("openapi: 3.1")


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
