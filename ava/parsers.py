"""How request bodies are read."""

from typing import Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from ava.problems import PayloadTooLarge


class JSONParser(parsers.JSONParser):
    """DRF's, with an end: it reads the stream itself, past Django's limit, and a body of nothing
    but brackets would make it stumble over Python's stack."""

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        # Without a length there is no body: WSGI gives none to read.
        if _length(stream) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        try:
            return super().parse(stream, *args, **kwargs)
        except RecursionError as fault:
            raise ParseError("JSON parse error - nested too deeply") from fault


def _length(stream: Any) -> int:
    declared = getattr(stream, "META", {}).get("CONTENT_LENGTH") or "0"
    return int(declared) if declared.isdigit() else 0
