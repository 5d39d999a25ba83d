"""Values made from a JSON schema: each fills every field once."""

from collections.abc import Iterator
from typing import Any

DEPTH = 6
BY_FORMAT = {"uuid": "3b6f1d4e-8a2c-4f60-b1d7-5e9c0a7f2b48", "uri": "https://example.com/x"}


class Specimens:
    """Makes values for the schemas of one OpenAPI document."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema without its references and its wrappers of one."""
        while True:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
            elif len(schema.get("allOf", ())) == 1:
                schema = schema["allOf"][0]
            elif len(schema.get("oneOf", ())) == 1:
                schema = schema["oneOf"][0]
            else:
                return schema

    def options(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        """The alternatives of a schema, or the schema alone."""
        schema = self.resolve(schema)
        some = schema.get("oneOf") or schema.get("anyOf") or [schema]
        return [self.resolve(option) for option in some]

    def fill(self, schema: dict[str, Any], depth: int = DEPTH) -> Any:
        """A value with every field that the schema knows, down to `depth`."""
        schema = self.options(schema)[0]
        if schema.get("enum") and schema.get("type") != "array":
            return schema["enum"][0]
        match schema.get("type"):
            case "object":
                known = schema.get("properties", {})
                wanted = known if depth > 0 else schema.get("required", ())
                return {name: self.fill(known[name], depth - 1) for name in wanted}
            case "array":
                return [self.fill(schema.get("items", {}), depth - 1)] if depth > 0 else []
            case "number" | "integer":
                return schema.get("minimum", schema.get("maximum", 1))
            case "boolean":
                return True
            case "string":
                plain = BY_FORMAT.get(schema.get("format", ""), "word")
                return plain[: schema["maxLength"]] if "maxLength" in schema else plain
        return {}

    def each(self, schema: dict[str, Any]) -> Iterator[Any]:
        """One full value for each alternative."""
        for option in self.options(schema):
            yield self.fill(option)
