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


def test_the_documentation_page_loads_nothing_from_outside(client: Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    script = client.get(re.findall(r'src="(/api/docs[^"]*)"', page.content.decode())[0])
    for text in (page.content.decode(), script.content.decode()):
        addresses = re.findall(r"""["'](?:https?:)?//[^"']+""", text)
        assert addresses == []
    assert "script-src 'self'" in page["Content-Security-Policy"]
