"""A form or a list as the request of the REST API that does the same: "Copy as curl"."""

import json
import shlex
from typing import Any

from django.http import HttpRequest


def command(request: HttpRequest, method: str, path: str, body: Any = None) -> str:
    """One that runs in a shell which has a personal API token in AVA_TOKEN.

    Args:
        path: of the API, as `reverse` gives it, with its query.
        body: sent as JSON.
    """
    parts = ["curl"]
    if method != "GET":
        parts.append(f"-X {method}")
    parts.append(shlex.quote(request.build_absolute_uri(path)))
    lines = [" ".join(parts), '-H "Authorization: Bearer $AVA_TOKEN"']
    if body is not None:
        text = json.dumps(body, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"--data {shlex.quote(text)}"]
    return " \\\n  ".join(lines)
