"""Conformity of Vapi and Resend: the sandbox takes and refuses what their documents do."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.rest_spec import Rest
from sandbox.tests.specimens import Specimens
from sandbox.tests.specs import load
from sandbox.tests.test_vapi import FRONT_DESK
from sandbox.vapi.schema import SCHEMAS


@pytest.fixture(scope="module")
def vapi_document(running: Sandbox) -> Rest:
    return Rest("vapi_openapi.json", running.url + "/vapi")


def test_the_whole_seed_can_be_created_again(
    vapi_document: Rest, vapi: Client, sandbox: Sandbox
) -> None:
    seed = sandbox.vapi.assistant(FRONT_DESK)
    fields = {key: seed[key] for key in SCHEMAS["CreateAssistantDTO"]["properties"] if key in seed}
    answer = vapi.post("/assistant", fields)
    vapi_document.check(answer)
    made = answer.json()
    assert {key: made[key] for key in fields} == fields


def full_values() -> Iterator[tuple[str, Any]]:
    """Every alternative of every key of an assistant, each with all its fields."""
    schemas = load("vapi_openapi.json")["components"]["schemas"]
    specimens = Specimens(schemas)
    for key, schema in schemas["UpdateAssistantDTO"]["properties"].items():
        for value in specimens.each(schema):
            yield key, value


def test_whatever_the_document_allows_is_taken_and_read_back(vapi: Client) -> None:
    count = 0
    for key, value in full_values():
        answer = vapi.patch(f"/assistant/{FRONT_DESK}", {key: value})
        assert answer.status_code == 200, (key, value, answer.text)
        assert answer.json()[key] == value
        count += 1
    assert count > 80


@pytest.mark.parametrize(
    "body",
    [
        {"foo": 1},
        {"id": "x"},
        {"name": "x" * 41},
        {"maxDurationSeconds": 9},
        {"firstMessage": None},
        {"model": {"provider": "openai", "model": "gpt-4o", "temperature": 2.1}},
        {"model": {"provider": "openai", "model": "gpt-4o", "maxTokens": 49}},
        {"model": {"provider": "openai", "model": "gpt-4o", "foo": 1}},
        {"voice": {"provider": "11labs", "voiceId": "sarah", "speed": 1.3}},
        {"voice": {"provider": "cartesia", "voiceId": "x", "speed": 1}},
        {"artifactPlan": {"transcriptPlan": {"on": True}}},
    ],
)
def test_what_the_sandbox_refuses_the_document_refuses_too(
    vapi_document: Rest, vapi: Client, body: Any
) -> None:
    answer = vapi.patch(f"/assistant/{FRONT_DESK}", body)
    assert answer.status_code == 400
    with pytest.raises(Exception, match=r"^Request body validation error"):
        vapi_document.check_request(answer.request)


def test_resends_domains_conform(sandbox: Sandbox) -> None:
    with Client(sandbox.url + "/resend") as client:
        answer = client.get("/domains", headers={"Authorization": "Bearer re_demo"})
        Rest("resend.json", client.base).check(answer)
