"""How request bodies are read."""

from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

from ava.problems import WHOLE, ValidationFailed


class JSONParser(parsers.JSONParser):
    """DRF's, for objects alone. A body of nothing but brackets would make DRF's stumble over
    Python's stack."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            body = super().parse(*args, **kwargs)
        except RecursionError as fault:
            raise ParseError("JSON parse error - nested too deeply") from fault
        if not isinstance(body, dict):
            raise ValidationFailed(errors={WHOLE: ["Send a JSON object."]})
        return body
