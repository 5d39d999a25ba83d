"""JSON as AVA reads and writes it. Apart from `ava.http.api`: DRF loads it with its own views."""

import json
import math
from collections.abc import Container
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.fields import Field
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.json import strict_constant

from ava.http.problems import WHOLE, ValidationFailed


class AsciiJSONRenderer(JSONRenderer):
    """JSON in ASCII: a caller or a provider may have named half a surrogate pair, which JSON can
    name and UTF-8 cannot hold."""

    ensure_ascii = True


class JSONParser(parsers.JSONParser):
    """Objects in UTF-8, whatever the client declares, with numbers that JSON can answer with.

    A member that is null is absent, but for those that the view names in `null_is_a_value`.

    DRF's decodes with the client's charset, takes 1e400 for infinity, and raises
    RecursionError on a body of nothing but brackets.
    """

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode()
            body = json.loads(text, parse_constant=strict_constant, parse_float=_finite)
            kept = getattr((parser_context or {}).get("view"), "null_is_a_value", ())
            body = _without_nulls(body, kept)
        except RecursionError as fault:
            raise ParseError("JSON parse error - nested too deeply") from fault
        except ValueError as fault:
            raise ParseError(f"JSON parse error - {fault}") from fault
        if not isinstance(body, dict):
            raise ValidationFailed(errors={WHOLE: ["Send a JSON object."]})
        return body


@extend_schema_field({})
class AnyField(Field[Any, Any, Any, Any]):
    """Any JSON, null included. DRF's JSONField documents null as something beside "anything"."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, None) if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


def _without_nulls(value: Any, kept: Container[str]) -> Any:
    """The value without members that are null; what is in the members `kept` stays as it is."""
    if isinstance(value, list):
        return [_without_nulls(item, kept) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: member if name in kept else _without_nulls(member, kept)
        for name, member in value.items()
        if member is not None or name in kept
    }


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else strict_constant(text)
