"""Change of one field of an assistant: the PATCH that alters it and nothing else. Pure.

Vapi's PATCH replaces every nested object whole (docs.vapi.ai/api-reference/assistants/update), so
a change is sent as the complete top-level field with one leaf altered.
"""

import contextlib
import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

Document = Mapping[str, Any]
Path = tuple[str, ...]


ABSENT: Final = object()
"""No value: JSON's null is one."""

EXACT: Final = 2**53 - 1
"""The largest whole number that Vapi's JavaScript keeps exactly."""

SERVER_FIELDS: Final = frozenset({"id", "orgId", "createdAt", "updatedAt", "latestVersion"})
"""Top-level fields that Vapi manages; a PATCH may not name them."""


class ParentMissing(Exception):
    """No object to hold the field, nor can one be made; the argument is the top-level field."""


def read(document: Document, path: Path) -> Any:
    """The value at the path, or ABSENT. Whatever stands in the way, it is never an error."""
    found: Any = document
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return ABSENT
        found = found[name]
    return found


def levels(value: Any) -> Iterator[list[Any]]:
    """All parts of a value, names included, level by level: the nesting is the sender's."""
    level = [value]
    while level:
        yield level
        below: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                below.extend([*part, *part.values()])
            elif isinstance(part, list):
                below.extend(part)
        level = below


def patch(
    document: Document, path: Path, value: Any, *, makes_parents: bool = False
) -> dict[str, Any]:
    """The smallest PATCH body that sets the path to the value and keeps all the rest. ABSENT takes
    a nested field away; a top-level one cannot be taken away. Raises: ParentMissing."""
    top = path[0]
    if len(path) == 1:
        return {top: copy.deepcopy(value)}
    field = copy.deepcopy(document.get(top))
    if not isinstance(field, dict):
        # A text or a list in its place is not ours to throw away, null holds nothing.
        if field is not None or not makes_parents:
            raise ParentMissing(top)
        field = {}
    holder = field
    for name in path[1:-1]:
        inner = holder.get(name)
        if inner is None and makes_parents:
            inner = holder[name] = {}
        if not isinstance(inner, dict):
            raise ParentMissing(top)
        holder = inner
    if value is ABSENT:
        holder.pop(path[-1], None)
    else:
        holder[path[-1]] = copy.deepcopy(value)
    return {top: field}


def differences(before: Document, after: Document, *, beside: Path) -> list[str]:
    """Top-level fields that differ, apart from the path `beside` and Vapi's own."""
    return sorted(
        name
        for name in (before.keys() | after.keys()) - SERVER_FIELDS
        if not same(_without(before, name, beside), _without(after, name, beside))
    )


def _without(document: Document, name: str, path: Path) -> Any:
    """A top-level field without what is at the path; a parent may have been made for that."""
    if path == (name,):
        return ABSENT
    if path[0] == name:
        with contextlib.suppress(ParentMissing):
            return patch(document, path, ABSENT, makes_parents=True)[name]
    return document.get(name, ABSENT)


def same(one: Any, other: Any) -> bool:
    """Equal as Vapi reads JSON: 1 is 1.0, true is no number, the order of names is nothing."""
    return text(one) == text(other)


def text(value: Any) -> str | None:
    """A value as a revision stores it; None where there is no value."""
    return None if value is ABSENT else canonical(value)


def canonical(value: Any) -> str:
    """One text for each JSON value: `same` values give the same text. ASCII only."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def etag(*parts: Any) -> str:
    """A strong entity tag of JSON values, quotes included (RFC 9110, section 8.8.3)."""
    return f'"{hashlib.sha256(canonical(list(parts)).encode()).hexdigest()[:32]}"'


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return value


def _number(value: float) -> float:
    """The number as Vapi's JavaScript knows it, a double; small whole ones as int."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= EXACT else value
    try:
        return value if abs(value) <= EXACT else float(value)
    except OverflowError:
        return value
