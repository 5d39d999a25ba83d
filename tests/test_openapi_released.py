"""docs/openapi.json: current, and what counts as a breaking change of it."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ava.conf.env import BASE_DIR
from tests.openapi import PATH, TYPES, document, last_release, released, stamp, written
from tests.openapi_changes import breaking

LOGIN = "/api/v1/auth/login"
CALLS = "/api/v1/twilio/calls"


def test_the_released_document_is_the_present_one() -> None:
    assert PATH.read_text() == written(document()), "run script/openapi"


def test_the_types_of_the_example_are_of_this_document() -> None:
    assert TYPES.read_text().startswith(stamp()), "run script/openapi, with npm"


def test_what_breaks_clients_of_the_last_release_is_in_the_changelog() -> None:
    changelog = (BASE_DIR / "CHANGELOG.md").read_text()
    unsaid = [one for one in breaking(last_release(), document()) if one not in changelog]
    assert unsaid == []


def test_a_document_is_compared_with_that_of_the_newest_tag(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        named = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        subprocess.run(["git", "-C", tmp_path, *named, *arguments], check=True)

    def commit(made: Any, tag: str = "") -> None:
        (tmp_path / "docs" / "openapi.json").write_text(json.dumps(made))
        git("add", "--all")
        git("commit", "--quiet", "--message", "x")
        if tag:
            git("tag", tag)

    (tmp_path / "docs").mkdir()
    git("init", "--quiet")
    made = released()
    commit(made)
    assert last_release(tmp_path) == made
    commit({}, "v1.9.0")
    commit(made, "v1.10.0")
    removed = copy.deepcopy(made)
    _drop_path(removed)
    commit(removed)
    assert breaking(last_release(tmp_path), removed) == [f"POST {LOGIN} is gone"]


def test_nothing_is_a_breaking_change_of_itself() -> None:
    assert breaking(released(), released()) == []


def _schema(made: Any, name: str) -> Any:
    return made["components"]["schemas"][name]


def _drop_path(made: Any) -> None:
    del made["paths"][LOGIN]


def _drop_method(made: Any) -> None:
    del made["paths"][CALLS]["get"]


def _drop_answer(made: Any) -> None:
    del made["paths"][LOGIN]["post"]["responses"]["200"]


def _require_parameter(made: Any) -> None:
    parameter = {"in": "query", "name": "why", "required": True, "schema": {"type": "string"}}
    made["paths"][CALLS]["get"]["parameters"].append(parameter)


def _body_of(made: Any) -> Any:
    body = made["paths"][LOGIN]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return _schema(made, body["$ref"].rpartition("/")[2])


def _require_field(made: Any) -> None:
    _body_of(made)["properties"]["captcha"] = {"type": "string"}
    _body_of(made)["required"].append("captcha")


def _change_type(made: Any) -> None:
    _body_of(made)["properties"]["password"]["type"] = "integer"


def _answer_of(made: Any) -> Any:
    answer = made["paths"][LOGIN]["post"]["responses"]["200"]["content"]["application/json"]
    return _schema(made, answer["schema"]["$ref"].rpartition("/")[2])


def _drop_field(made: Any) -> None:
    del _answer_of(made)["properties"]["access_token"]


def _leave_out_field(made: Any) -> None:
    _answer_of(made)["required"].remove("access_token")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_drop_path, f"POST {LOGIN} is gone"),
        (_drop_method, f"GET {CALLS} is gone"),
        (_drop_answer, f"POST {LOGIN}: answer 200 is gone"),
        (_require_parameter, f"GET {CALLS}: parameter why has become required"),
        (_require_field, "captcha has become required"),
        (_change_type, "password: the type string has become integer"),
        (_drop_field, "access_token is gone"),
        (_leave_out_field, "access_token may be absent now"),
    ],
)
def test_what_a_client_would_notice_is_named(change: Callable[[Any], None], sentence: str) -> None:
    made = copy.deepcopy(released())
    change(made)
    (found,) = breaking(released(), made)
    assert found.endswith(sentence)


def test_additions_break_nothing() -> None:
    made = copy.deepcopy(released())
    made["paths"]["/api/v1/new"] = {"get": {"responses": {}}}
    _body_of(made)["properties"]["hint"] = {"type": "string"}
    _answer_of(made)["properties"]["hint"] = {"type": "string"}
    optional = {"in": "query", "name": "why", "schema": {"type": "string"}}
    made["paths"][CALLS]["get"]["parameters"].append(optional)
    assert breaking(released(), made) == []
