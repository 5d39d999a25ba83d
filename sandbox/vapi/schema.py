"""Validator for what Vapi takes, with the fields, limits and choices of `schema.json`.

The file is trimmed from Vapi's OpenAPI document and written in its keywords. Two are narrower
here: an object with `properties` takes no other fields, and a `discriminator` alone chooses a
schema, which does not repeat the field. Lists that grow with every model, voice or language are
plain strings.

Complaints are in class-validator's words, with the parents' names in front as NestJS puts them.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.data import read_json
from sandbox.vapi.errors import RefusedError

Schema = dict[str, Any]

SCHEMAS: dict[str, Schema] = read_json("sandbox.vapi", "schema.json")
_TYPES: dict[str, type] = {"object": dict, "string": str}


def check(name: str, value: Any) -> None:
    """Refuse a body that does not fit the schema `name`. Raises: RefusedError 400."""
    if complaints := list(_complaints(SCHEMAS[name], value, "")):
        raise RefusedError(400, complaints)


def resolve(schema: Schema) -> Schema:
    """A schema without its reference, and with the properties of those in its `allOf`."""
    if "$ref" in schema:
        return resolve(SCHEMAS[schema["$ref"].removeprefix("#/")])
    if "allOf" not in schema:
        return schema
    merged: Schema = {}
    for base in schema["allOf"]:
        merged |= resolve(base)["properties"]
    return {**schema, "type": "object", "properties": merged | schema.get("properties", {})}


def _complaints(schema: Schema, value: Any, path: str) -> Iterator[str]:
    schema = resolve(schema)
    if schema.get("nullable") and value is None:
        return
    if "oneOf" in schema:
        tried = [list(_complaints(option, value, path)) for option in schema["oneOf"]]
        yield from tried[-1] if all(tried) else ()
    elif "discriminator" in schema:
        yield from _discriminated(schema["discriminator"], value, path)
    elif "enum" in schema:
        if value not in schema["enum"]:
            yield f"{path} must be one of the following values: {', '.join(schema['enum'])}"
    elif isinstance(names := schema.get("type", []), list):
        if names and not isinstance(value, tuple(_TYPES[name] for name in names)):
            yield f"{path} has an unexpected type"
    else:
        yield from _BY_TYPE[names](schema, value, path)


def _string(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path} must be a string"
        return
    # JavaScript counts UTF-16 units.
    length = len(value.encode("utf-16-le", "surrogatepass")) // 2
    if length < (low := schema.get("minLength", 0)):
        yield f"{path} must be longer than or equal to {low} characters"
    if length > (high := schema.get("maxLength", length)):
        yield f"{path} must be shorter than or equal to {high} characters"
    if not re.fullmatch(pattern := schema.get("pattern", "(?s:.*)"), value):
        yield f"{path} must match {pattern} regular expression"


def _number(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{path} must be a number conforming to the specified constraints"
        return
    if value < (low := schema.get("minimum", value)):
        yield f"{path} must not be less than {low}"
    if value > (high := schema.get("maximum", value)):
        yield f"{path} must not be greater than {high}"


def _boolean(_: Schema, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path} must be a boolean value"


def _array(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} must be an array"
        return
    item = resolve(schema["items"])
    if "properties" in item or "discriminator" in item:
        for place, one in enumerate(value):
            yield from _complaints(item, one, f"{path}.{place}")
        return
    parent, dot, name = path.rpartition(".")
    each = f"{parent}{dot}each value in {name}"
    yield from dict.fromkeys(wrong for one in value for wrong in _complaints(item, one, each))


def _object(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if "properties" not in schema:
        if not isinstance(value, dict):
            yield f"{path} must be an object"
        return
    if not isinstance(value, dict):
        yield _not_nested(path) if path else "Body must be an object"
        return
    properties, prefix = schema["properties"], f"{path}." if path else ""
    for name in value:
        if name not in properties:
            yield f"{prefix}property {name} should not exist"
    required = schema.get("required", ())
    for name, inner in properties.items():
        if name in value or name in required:
            yield from _complaints(inner, value.get(name), prefix + name)


def _discriminated(discriminator: Schema, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _not_nested(path)
        return
    name, mapping = discriminator["propertyName"], discriminator["mapping"]
    chosen = value.get(name)
    if not isinstance(chosen, str) or chosen not in mapping:
        yield f"{path}.{name} must be one of the following values: {', '.join(mapping)}"
        return
    rest = {key: inner for key, inner in value.items() if key != name}
    yield from _complaints(mapping[chosen], rest, path)


def _not_nested(path: str) -> str:
    return f"nested property {path} must be either object or array"


_BY_TYPE: dict[str, Callable[[Schema, Any, str], Iterator[str]]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}
