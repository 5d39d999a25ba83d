"""The contract's form of an error: JSON with code, sentence and correlation ID."""

import json
from collections.abc import Mapping

PROBLEM = "application/problem+json"
_MEMBERS = ("type", "title", "status", "detail", "code", "correlation_id")


def code(body: bytes) -> str:
    """The problem's code; empty where there is none."""
    try:
        found = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(found)


def offence(status: int, headers: Mapping[str, str], body: bytes, *, is_page: bool) -> str:
    """What the contract does not allow in this answer; empty: nothing.

    Args:
        is_page: a person's, whose errors are pages.
    """
    shown = headers.get("X-Correlation-ID")
    if not shown:
        return f"{status} without a correlation ID"
    if status < 400:
        return ""
    if status == 500:
        return f"500 {code(body)}"
    if is_page:
        return "" if shown in body.decode() else f"{status} is a page without its ID"
    if headers.get("Content-Type", "") != PROBLEM:
        return f"{status} is {headers.get('Content-Type')}"
    problem = json.loads(body)
    if missing := [name for name in _MEMBERS if name not in problem]:
        return f"{status} without {', '.join(missing)}"
    if problem["status"] != status or problem["correlation_id"] != shown:
        return f"{status} {problem['code']} contradicts itself"
    return ""
