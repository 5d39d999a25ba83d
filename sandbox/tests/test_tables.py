"""The tables of what Vapi takes say what its official document says, field by field."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.tests.specimens import Specimens
from sandbox.tests.specs import load
from sandbox.vapi.assistant import ASSISTANT
from sandbox.vapi.call_rules import CALL, CALL_CHANGE, TWILIO_NUMBER, TWILIO_NUMBER_CHANGE
from sandbox.vapi.common import LONG_LIST
from sandbox.vapi.rules import (
    Anything,
    ByTag,
    Choice,
    Either,
    Flag,
    ListOf,
    Nullable,
    Number,
    Rule,
    Shape,
    Text,
)

LONG = 15


@pytest.fixture(scope="module")
def vapi_schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = load("vapi_openapi.json")["components"]["schemas"]
    return schemas


class Comparison:
    """Finds where a rule and a schema differ."""

    def __init__(self, specimens: Specimens) -> None:
        self.specimens = specimens
        self.compared = 0

    def differences(self, rule: Rule, schema: dict[str, Any], path: str) -> Iterator[str]:
        self.compared += 1
        options = self.specimens.options(schema)
        one = options[0]
        match rule:
            case Shape():
                yield from self._shape(rule, one, path)
            case ByTag():
                yield from self._by_tag(rule, options, path)
            case ListOf():
                if one.get("type") != "array":
                    yield f"{path}: no array"
                else:
                    yield from self.differences(rule.item, one["items"], f"{path}[]")
            case Nullable():
                if not one.get("nullable"):
                    yield f"{path}: not nullable"
                yield from self.differences(rule.rule, one, path)
            case Either():
                if len(options) < len(rule.rules):
                    yield f"{path}: only {len(options)} ways"
            case Number():
                given = (one.get("type"), one.get("minimum"), one.get("maximum"))
                if given != ("number", rule.low, rule.high):
                    yield f"{path}: {rule} but {given}"
            case Flag():
                if one.get("type") != "boolean":
                    yield f"{path}: no boolean"
            case Choice():
                if set(one.get("enum", ())) != set(rule.values):
                    yield f"{path}: {rule.values} but {one.get('enum')}"
            case Text():
                yield from self._text(rule, options, path)
            case Anything(types=types):
                if types == (dict,) and "object" not in {o.get("type") for o in options}:
                    yield f"{path}: no object"

    def _shape(self, rule: Shape, schema: dict[str, Any], path: str) -> Iterator[str]:
        known = schema.get("properties", {})
        if known.keys() != rule.fields.keys():
            yield f"{path}: {sorted(known.keys() ^ rule.fields.keys())} on one side only"
        if set(schema.get("required", ())) != set(rule.required):
            yield f"{path}: requires {schema.get('required')} not {rule.required}"
        for name in known.keys() & rule.fields.keys():
            yield from self.differences(rule.fields[name], known[name], f"{path}.{name}")

    def _by_tag(self, rule: ByTag, options: list[dict[str, Any]], path: str) -> Iterator[str]:
        tags = [option["properties"][rule.tag]["enum"] for option in options]
        if all(len(tag) == 1 for tag in tags) and {tag[0] for tag in tags} != set(rule.shapes):
            yield f"{path}: {sorted({tag[0] for tag in tags} ^ set(rule.shapes))} on one side only"
        for name, option in zip([tag[0] for tag in tags], options, strict=True):
            if len(tags[0]) == 1:
                yield from self.differences(rule.shapes[name], option, f"{path}<{name}>")

    def _text(self, rule: Text, options: list[dict[str, Any]], path: str) -> Iterator[str]:
        plain = [option for option in options if "enum" not in option]
        if rule is LONG_LIST:
            values = {v for option in options for v in option.get("enum", ())}
            if len(values) < LONG:
                yield f"{path}: the list {values} is short enough to check"
            return
        limits = [(o.get("type"), o.get("minLength", 0), o.get("maxLength")) for o in plain]
        if ("string", rule.low, rule.high) not in limits:
            yield f"{path}: {rule} but {limits}"


def test_every_field_limit_and_choice_is_the_documents(vapi_schemas: dict[str, Any]) -> None:
    for name in ("CreateAssistantDTO", "UpdateAssistantDTO"):
        comparison = Comparison(Specimens(vapi_schemas))
        schema = {"$ref": f"#/components/schemas/{name}"}
        assert list(comparison.differences(ASSISTANT, schema, "assistant")) == []
        assert comparison.compared > 500


def test_calls_and_numbers_too_are_the_documents(vapi_schemas: dict[str, Any]) -> None:
    for name, rule in {
        "CreateCallDTO": CALL,
        "UpdateCallDTO": CALL_CHANGE,
        "CreateTwilioPhoneNumberDTO": TWILIO_NUMBER,
        "UpdateTwilioPhoneNumberDTO": TWILIO_NUMBER_CHANGE,
    }.items():
        comparison = Comparison(Specimens(vapi_schemas))
        schema = {"$ref": f"#/components/schemas/{name}"}
        assert list(comparison.differences(rule, schema, name)) == []


def test_which_voices_take_a_speed_and_how_fast_is_the_documents(
    vapi_schemas: dict[str, Any],
) -> None:
    voices = Specimens(vapi_schemas).options(vapi_schemas["Assistant"]["properties"]["voice"])
    documented = {
        voice["properties"]["provider"]["enum"][0]: (
            (s.get("minimum"), s.get("maximum"))
            if (s := voice["properties"].get("speed"))
            else None
        )
        for voice in voices
    }
    rule = ASSISTANT.fields["voice"]
    assert isinstance(rule, ByTag)
    played: dict[str, Any] = {}
    for provider, shape in rule.shapes.items():
        assert isinstance(shape, Shape)
        speed = shape.fields.get("speed")
        played[provider] = (speed.low, speed.high) if isinstance(speed, Number) else None
    assert played == documented
    assert played["11labs"] == (0.7, 1.2)
    assert played["cartesia"] is None
