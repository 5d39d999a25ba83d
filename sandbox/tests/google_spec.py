"""Google's calendar API, held against its discovery document.

The document describes requests and answers as JSON schemas of draft 3; it has nothing on errors.
"""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

from sandbox.tests.formats import ANSWERED, checker
from sandbox.tests.specs import load

NAME = "google_calendar_v3_discovery.json"
Method = dict[str, Any]


class GoogleDocument:
    """The document, with `url` for `https://www.googleapis.com`."""

    def __init__(self, url: str) -> None:
        self._base = f"{urlsplit(url).path}/{_document()['servicePath']}"

    def check_request(self, asked: requests.PreparedRequest) -> Method:
        """Hold a request against the document. Returns: the method that it calls.

        Raises: AssertionError that says what is wrong.
        """
        url = urlsplit(str(asked.url))
        assert url.path.startswith(self._base), f"{url.path} is not below {self._base}"
        path = unquote(url.path.removeprefix(self._base))
        method = _method(str(asked.method), path)
        known = _document()["parameters"] | method.get("parameters", {})
        for name, value in parse_qsl(url.query, keep_blank_values=True):
            assert name in known, f"{method['id']} has no parameter {name}"
            _check_parameter(name, known[name], value)
        if "request" in method:
            body = json.loads(asked.body or b"null")
            _hold(method["request"]["$ref"], {**body, **_with_offsets(body)})
        else:
            assert not asked.body, f"{method['id']} has no body"
        return method

    def check(self, answer: requests.Response) -> None:
        """Hold an answer and its request against the document. Raises: AssertionError."""
        method = self.check_request(answer.request)
        assert answer.ok, answer.text
        if "response" in method:
            _hold(method["response"]["$ref"], answer.json())
        else:
            assert not answer.content, f"{method['id']} has an empty answer"


def documented_scopes() -> dict[str, set[str]]:
    """Scopes of the API, each with the ids of the methods that it opens."""
    opened: dict[str, set[str]] = {}
    for resource in _document()["resources"].values():
        for method in resource["methods"].values():
            for scope in method.get("scopes", ()):
                opened.setdefault(scope, set()).add(method["id"])
    return opened


@cache
def _document() -> Any:
    return load(NAME)


def _method(verb: str, path: str) -> Method:
    for resource in _document()["resources"].values():
        for method in resource["methods"].values():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(method["path"]))
            if method["httpMethod"] == verb and re.fullmatch(pattern, path):
                found: Method = method
                return found
    raise AssertionError(f"{verb} {path} is nothing that the document knows")


def _check_parameter(name: str, schema: dict[str, Any], text: str) -> None:
    value: Any = text
    if schema["type"] in ("integer", "boolean"):
        value = json.loads(text)
    wrong = best_match(_validator(_mended(schema)).iter_errors(value))
    assert wrong is None, f"{name}: {wrong.message}"


def _hold(name: str, body: Any) -> None:
    schema = {"$ref": f"#/definitions/{name}", "definitions": _schemas()}
    wrong = best_match(_validator(schema).iter_errors(body))
    assert wrong is None, f"{wrong.json_path}: {wrong.message}"


def _with_offsets(body: dict[str, Any]) -> dict[str, Any]:
    """Start and end with an offset: its description says that beside a time zone none is needed."""
    return {
        side: {**body[side], "dateTime": body[side]["dateTime"] + "Z"}
        for side in ("start", "end")
        if body.get(side, {}).get("timeZone")
        and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+", body[side].get("dateTime", ""))
    }


def _validator(schema: Any) -> Draft4Validator:
    return Draft4Validator(schema, format_checker=checker(ANSWERED))


@cache
def _schemas() -> Any:
    return {name: _mended(schema) for name, schema in _document()["schemas"].items()}


def _mended(schema: Any) -> Any:
    """As draft 4 has it, with unknown fields forbidden."""
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{schema['$ref']}"}
    made = {key: schema[key] for key in ("type", "format", "enum") if key in schema}
    for key in ("minimum", "maximum"):
        if key in schema:
            made[key] = int(schema[key])
    if "items" in schema:
        made["items"] = _mended(schema["items"])
    if "properties" in schema:
        made["properties"] = {name: _mended(one) for name, one in schema["properties"].items()}
        made["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _mended(schema["additionalProperties"])
    return made
