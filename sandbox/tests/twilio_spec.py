"""Requests to Twilio and its answers, by name and by value, held against its document.

Twilio's forms are checked here and not by openapi-core, which never sees a field too many.
What the document says in its descriptions only is added to its schemas: `IN_WORDS`. It has no
schema of an error; that is on a page: https://www.twilio.com/docs/usage/twilios-response
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from jsonschema.exceptions import best_match
from openapi_schema_validator import OAS30Validator

from sandbox.tests import specs
from sandbox.tests.formats import ANSWERED, ASKED, checker

NAME = "twilio_api_v2010.json"
FORM = "application/x-www-form-urlencoded"
Pairs = Sequence[tuple[str, str]]
Schema = dict[str, Any]

_DIGITS: Schema = {"type": "string", "pattern": r"^\d+$"}
_COST: Schema = {"type": "string", "pattern": r"^-\d+\.\d{4,5}$", "nullable": True}
_PARTY: Schema = {"type": "string", "format": "endpoint"}
_VERSION: Schema = {"type": "string", "enum": ["2010-04-01"]}

# The descriptions of fields, as schemas.
IN_WORDS: dict[str, Schema] = {
    "api.v2010.account.call": {
        "api_version": _VERSION,
        "direction": {"type": "string", "enum": ["inbound", "outbound-api", "outbound-dial"]},
        "duration": {**_DIGITS, "nullable": True},
        "from": _PARTY,
        "price": _COST,
        "queue_time": _DIGITS,
        "to": _PARTY,
    },
    "api.v2010.account.message": {
        "api_version": _VERSION,
        "num_media": _DIGITS,
        "num_segments": _DIGITS,
        "price": _COST,
        "to": {"type": "string", "format": "phone-number"},
    },
    "api.v2010.account.incoming_phone_number": {"api_version": _VERSION},
    "api.v2010.account": {},
}
# Of these at least one must be sent; of those for a call no second one, as it would be ignored.
_CHOICES = {
    "CreateCall": (("Url", "Twiml", "ApplicationSid"),),
    "CreateMessage": (("From", "MessagingServiceSid"), ("Body", "MediaUrl", "ContentSid")),
}

ERROR: Schema = {
    "type": "object",
    "properties": {
        "code": {"type": "integer", "minimum": 10000},
        "message": {"type": "string", "minLength": 1},
        "more_info": {"type": "string", "pattern": r"^https://www\.twilio\.com/docs/errors/\d+$"},
        "status": {"type": "integer", "minimum": 400},
    },
    "required": ["code", "message", "more_info", "status"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Operation:
    """One method of one path of the document."""

    described: dict[str, Any]
    in_path: dict[str, str]

    @property
    def name(self) -> str:
        """Such as CreateCall."""
        return str(self.described["operationId"])

    def check_request(self, query: Pairs, form: str = "") -> None:
        """Hold what is asked against the document. Raises: AssertionError that says what is wrong.

        Args:
            form: the body as it is sent.
        """
        parameters = self.described.get("parameters", ())
        for place, sent in (("path", list(self.in_path.items())), ("query", query)):
            fields = {p["name"]: p["schema"] for p in parameters if p["in"] == place}
            _hold_form({"properties": fields}, sent)
        content = self.described.get("requestBody", {}).get("content", {FORM: {"schema": {}}})
        sent = parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form))
        _hold_form(content[FORM]["schema"], sent)
        names = {name for name, _ in sent}
        for choice in _CHOICES.get(self.name, ()):
            most = 1 if self.name == "CreateCall" else len(choice)
            assert 1 <= len(names & set(choice)) <= most, f"one of {', '.join(choice)}"

    def check_answer(self, status: int, content: Any) -> None:
        """Hold an answer against the document. Raises: AssertionError that says what is wrong."""
        if status >= 400:
            _hold(ERROR, content, ANSWERED)
            assert content["status"] == status
            assert content["more_info"].endswith(f"/{content['code']}")
            return
        reported = self.described["responses"]
        assert str(status) in reported, f"{self.name} does not answer {status}"
        schema = reported[str(status)].get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            assert content is None, f"{self.name} answers {status} without a body"
            return
        if "$ref" not in schema:  # a list, all of it
            schema = {**schema, "required": list(schema["properties"])}
        _hold(schema, content, ANSWERED)


def operation(method: str, path: str) -> Operation:
    """The document's entry for a request. Raises: AssertionError: nothing."""
    return Operation(*specs.operation(NAME, method, path))


@cache
def schemas() -> dict[str, Any]:
    """The document's schemas, with what it says in words; a resource shows all its fields."""
    made: dict[str, Any] = dict(specs.strictly(NAME)["components"]["schemas"])
    for name, words in IN_WORDS.items():
        fields = {**made[name]["properties"], **words}
        made[name] = {**made[name], "properties": fields, "required": list(fields)}
    return made


def _hold_form(schema: Schema, sent: Pairs) -> None:
    fields = {**schema.get("properties", {})}
    if "StatusCallbackEvent" in fields:
        events = {"$ref": "#/components/schemas/call_enum_event"}
        fields["StatusCallbackEvent"] = {"type": "array", "items": events}
    if "Body" in fields:
        fields["Body"] = {"type": "string", "maxLength": 1600}
    names = dict.fromkeys(name for name, _ in sent)
    values = {
        name: _read(fields.get(name, {}), [value for key, value in sent if key == name])
        for name in names
    }
    strict = {"type": "object", "required": schema.get("required", ()), "properties": fields}
    _hold({**strict, "additionalProperties": False}, values, ASKED)


def _read(schema: Schema, values: list[str]) -> Any:
    """The text of a form as what its schema wants; as it is where it is not."""
    if schema.get("type") == "array":
        return [_read(schema["items"], [value]) for value in values]
    if len(values) > 1:
        return values  # sent twice, and no schema but an array's takes that
    [text] = values
    match schema.get("type"):
        case "integer" if re.fullmatch(r"-?\d+", text):
            return int(text)
        case "number" if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
    return text


def _hold(schema: Schema, value: Any, formats: Any) -> None:
    complete = {**schema, "components": {"schemas": schemas()}}
    if "$ref" in schema:
        complete = {"allOf": [schema], "components": {"schemas": schemas()}}
    wrong = best_match(OAS30Validator(complete, format_checker=checker(formats)).iter_errors(value))
    assert wrong is None, f"{wrong.json_path}: {wrong.message}"
