"""Vapi's webhooks, held against its two documents.

`vapi_webhooks_openapi.yml` says which schema POST /server carries, and which its answer has; the
schemas themselves are in the document of the REST API.
"""

from functools import cache
from typing import Any

import yaml
from jsonschema.exceptions import best_match
from openapi_schema_validator import OAS30Validator

from sandbox.tests.formats import ANSWERED, checker
from sandbox.tests.specs import folder, strictly

WEBHOOKS, REST = "vapi_webhooks_openapi.yml", "vapi_openapi.json"
# As the one calls the other.
_ELSEWHERE = "../api/openapi.json#/components/schemas/"


def check_webhook(body: Any) -> str:
    """Hold the body of a webhook against the documents. Returns: its type.

    Raises: AssertionError that says what is wrong.
    """
    kind = str(body["message"]["type"])
    _hold(_one_of(_server()[0], "message", _schema_of(kind)), body)
    return kind


def check_reply(kind: str, body: Any) -> None:
    """Hold the answer to a webhook of a type against the documents.

    The schema wraps an answer in `messageResponse`. All of Vapi's pages show it bare, and so is
    it sent: https://docs.vapi.ai/server-url/events, https://docs.vapi.ai/tools/custom-tools

    Raises: AssertionError that says what is wrong.
    """
    name = _schema_of(kind).replace("ServerMessage", "ServerMessageResponse")
    _hold(_one_of(_server()[1], "messageResponse", name), {"messageResponse": body})


def expects_an_answer(kind: str) -> bool:
    """Whether the document says so of webhooks of this type."""
    return f'"{kind}"' in _server()[2]


@cache
def _server() -> tuple[str, str, str]:
    """The names of the schemas of what is sent and of what is answered, and words on the latter."""
    document = yaml.safe_load((folder() / WEBHOOKS).read_text("utf-8"))
    post = document["paths"]["/server"]["post"]
    answer = post["responses"]["200"]
    sent, answered = (
        part["content"]["application/json"]["schema"]["$ref"]
        for part in (post["requestBody"], answer)
    )
    assert sent.startswith(_ELSEWHERE), sent
    assert answered.startswith(_ELSEWHERE), answered
    return (
        sent.removeprefix(_ELSEWHERE),
        answered.removeprefix(_ELSEWHERE),
        answer["description"],
    )


def _schemas() -> Any:
    return strictly(REST)["components"]["schemas"]


def _schema_of(kind: str) -> str:
    """The name of the schema of the messages of a type."""
    named = [
        name
        for name in _options(_server()[0], "message")
        if kind in _schemas()[name]["properties"]["type"]["enum"]
    ]
    assert len(named) == 1, f"{kind} is no webhook that the document knows"
    return named[0]


def _options(whole: str, field: str) -> list[str]:
    options = _schemas()[whole]["properties"][field]["oneOf"]
    return [option["$ref"].rpartition("/")[2] for option in options]


def _one_of(whole: str, field: str, name: str) -> dict[str, Any]:
    """A schema with one of the options that it leaves for a field: complaints are about that."""
    assert name in _options(whole, field), f"{name} is none that {whole} knows"
    chosen = {"$ref": f"#/components/schemas/{name}"}
    return {**_schemas()[whole], "properties": {field: chosen}}


def _hold(schema: dict[str, Any], body: Any) -> None:
    complete = {**schema, "components": {"schemas": _schemas()}}
    wrong = best_match(OAS30Validator(complete, format_checker=checker(ANSWERED)).iter_errors(body))
    assert wrong is None, f"{wrong.json_path}: {wrong.message}"
