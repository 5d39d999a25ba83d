"""Schema of Vapi: `schema.json` says what the official document says, field by field."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.tests.specimens import Specimens
from sandbox.tests.specs import load
from sandbox.vapi.schema import SCHEMAS, Schema, resolve

# From so many values on, a choice is left open.
LONG = 15
LIMITS = ("minimum", "maximum", "minLength", "maxLength")


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    schemas: dict[str, Any] = load("vapi_openapi.json")["components"]["schemas"]
    return schemas


class Comparison:
    """Finds where a trimmed schema and the official one differ."""

    def __init__(self, official: dict[str, Any]) -> None:
        self.specimens = Specimens(official)
        self.compared = 0

    def differences(self, trimmed: Schema, schema: dict[str, Any], path: str) -> Iterator[str]:
        self.compared += 1
        trimmed = resolve(trimmed)
        options = self.specimens.options(schema)
        one = options[0]
        if trimmed.get("nullable", False) != one.get("nullable", False):
            yield f"{path}: null on one side only"
        if "oneOf" in trimmed:
            if len(options) < len(trimmed["oneOf"]):
                yield f"{path}: only {len(options)} ways"
        elif "discriminator" in trimmed:
            yield from self._discriminated(trimmed["discriminator"], options, path)
        elif "properties" in trimmed:
            yield from self._object(trimmed, one, path)
        elif "enum" in trimmed:
            if set(one.get("enum", ())) != set(trimmed["enum"]):
                yield f"{path}: {trimmed['enum']} but {one.get('enum')}"
        elif trimmed.get("type") == "array":
            if one.get("type") != "array":
                yield f"{path}: no array"
            else:
                yield from self.differences(trimmed["items"], one["items"], f"{path}[]")
        elif isinstance(trimmed.get("type"), str):
            yield from self._plain(trimmed, options, path)

    def _plain(self, trimmed: Schema, options: list[Any], path: str) -> Iterator[str]:
        wanted = {name: trimmed[name] for name in ("type", *LIMITS) if name in trimmed}
        values = {value for option in options for value in option.get("enum", ())}
        if wanted == {"type": "string"} and len(values) >= LONG:
            return
        limits = [
            {name: option[name] for name in ("type", *LIMITS) if name in option}
            for option in options
            if "enum" not in option
        ]
        if wanted not in limits:
            yield f"{path}: {wanted} but {limits or values}"

    def _object(self, trimmed: Schema, schema: dict[str, Any], path: str) -> Iterator[str]:
        ours, known = trimmed["properties"], schema.get("properties", {})
        if known.keys() != ours.keys():
            yield f"{path}: {sorted(known.keys() ^ ours.keys())} on one side only"
        if set(schema.get("required", ())) != set(trimmed.get("required", ())):
            yield f"{path}: requires {schema.get('required')} not {trimmed.get('required')}"
        for name in known.keys() & ours.keys():
            yield from self.differences(ours[name], known[name], f"{path}.{name}")

    def _discriminated(self, rule: Schema, options: list[Any], path: str) -> Iterator[str]:
        tag, mapping = rule["propertyName"], rule["mapping"]
        tags = [option["properties"][tag]["enum"] for option in options]
        if any(len(values) > 1 for values in tags):
            return
        names = [values[0] for values in tags]
        if set(names) != mapping.keys():
            yield f"{path}: {sorted(set(names) ^ mapping.keys())} on one side only"
        for name, option in zip(names, options, strict=True):
            ours = resolve(mapping[name])
            if "properties" in ours:
                # The trimmed schema leaves the tag to its mapping.
                ours = {
                    **ours,
                    "properties": {**ours["properties"], tag: {"enum": [name]}},
                    "required": [tag, *ours.get("required", ())],
                }
            yield from self.differences(ours, option, f"{path}<{name}>")


@pytest.mark.parametrize("name", ["CreateAssistantDTO", "UpdateAssistantDTO"])
def test_every_field_limit_and_choice_of_an_assistant_is_the_documents(
    official: dict[str, Any], name: str
) -> None:
    comparison = Comparison(official)
    ours = SCHEMAS["CreateAssistantDTO"]
    assert list(comparison.differences(ours, official[name], "assistant")) == []
    assert comparison.compared > 500


@pytest.mark.parametrize(
    "name",
    [
        "CreateCallDTO",
        "UpdateCallDTO",
        "CreateTwilioPhoneNumberDTO",
        "UpdateTwilioPhoneNumberDTO",
    ],
)
def test_calls_and_numbers_too_are_the_documents(official: dict[str, Any], name: str) -> None:
    assert list(Comparison(official).differences(SCHEMAS[name], official[name], name)) == []


def test_which_voices_take_a_speed_and_how_fast_is_the_documents(official: dict[str, Any]) -> None:
    voices = Specimens(official).options(official["Assistant"]["properties"]["voice"])
    documented = {
        voice["properties"]["provider"]["enum"][0]: voice["properties"].get("speed")
        for voice in voices
    }
    mapping = SCHEMAS["Voice"]["discriminator"]["mapping"]
    ours = {name: resolve(mapping[name])["properties"].get("speed") for name in mapping}

    def limits(speeds: dict[str, Any]) -> dict[str, Any]:
        return {
            name: speed and (speed.get("minimum"), speed.get("maximum"))
            for name, speed in speeds.items()
        }

    assert limits(ours) == limits(documented)
    assert limits(ours)["11labs"] == (0.7, 1.2)
    assert ours["cartesia"] is None


def test_every_part_of_the_schema_is_used() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict) and "$ref" in value:
            yield value["$ref"].removeprefix("#/")
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from references(part)

    entries = {name for name in SCHEMAS if name.endswith("DTO")}
    assert set(references(SCHEMAS)) | entries == SCHEMAS.keys()
