"""Serializer fields of query strings."""

import re
from datetime import datetime
from typing import Any

from rest_framework import serializers

# The offset of a time, after a + that was not escaped.
_OFFSET = re.compile(r"(:\d\d(?:[.,]\d+)?) (\d\d(?::?\d\d)?)$", re.ASCII)


class TimeParameter(serializers.DateTimeField):
    """Time in a query string, where an unescaped + arrives as a blank."""

    def to_internal_value(self, value: Any) -> datetime:
        text = _OFFSET.sub(r"\1+\2", value.strip()) if isinstance(value, str) else value
        return super().to_internal_value(text)
