"""OData's system query options on lists of events.

https://learn.microsoft.com/en-us/graph/query-parameters
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.calendars.store import Fields
from sandbox.microsoft.errors import RefusedError

DEFAULT_TOP, MOST_TOP = 10, 1000
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata"
OPTIONS = ("$top", "$skip", "$select", "$orderby", "$filter", "$count")

_CALL = re.compile(r"(contains|startswith)\((\w+),\s*'((?:[^']|'')*)'\)", re.I)
_COMPARISON = re.compile(r"([\w/]+) (eq|ne|ge|gt|le|lt) ('(?:[^']|'')*'|true|false)", re.I)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "ge": lambda left, right: bool(left >= right),
    "gt": lambda left, right: bool(left > right),
    "le": lambda left, right: bool(left <= right),
    "lt": lambda left, right: bool(left < right),
}


def page(items: list[Fields], query: Mapping[str, str], here: str, what: str) -> Fields:
    """A page of a list: filtered, sorted, cut and with the chosen properties.

    Args:
        here: the address of the list, for the link to the next page.
        what: its name in the metadata.
    Raises: RefusedError.
    """
    unknown = [name for name in query if name.startswith("$") and name not in OPTIONS]
    if unknown:
        wrong = f"The query parameter '{unknown[0]}' is not supported."
        raise RefusedError(400, "ErrorInvalidUrlQuery", wrong)
    if expression := query.get("$filter"):
        conditions = [_condition(part) for part in _conjuncts(expression)]
        items = [item for item in items if all(holds(item) for holds in conditions)]
    for order in reversed(query.get("$orderby", "").split(",")):
        name, _, direction = order.strip().partition(" ")
        if name:
            items = sorted(
                items, key=lambda item: str(_value(item, name)), reverse=direction == "desc"
            )
    top, skip = _whole(query, "$top", DEFAULT_TOP, 1), _whole(query, "$skip", 0, 0)
    shown = items[skip : skip + top]
    found: Fields = {"@odata.context": f"{CONTEXT}#{what}"}
    if query.get("$count") == "true":
        found["@odata.count"] = len(items)
    found["value"] = selected(shown, query)
    if skip + top < len(items):
        following = urlencode({**query, "$skip": skip + top}, safe="$")
        found["@odata.nextLink"] = f"{here}?{following}"
    return found


def selected(items: Iterable[Fields], query: Mapping[str, str]) -> list[Fields]:
    """The properties that `$select` names, and always id and etag. Raises: RefusedError."""
    if not query.get("$select"):
        return list(items)
    names = {name.strip() for name in query["$select"].split(",")}
    return [
        {name: item[name] for name in item if name in names | {"id", "@odata.etag"}}
        for item in items
    ]


def _conjuncts(expression: str) -> list[str]:
    """Parts between `and`, outside of quotes."""
    return [part.strip() for part in re.split(r" and (?=(?:[^']*'[^']*')*[^']*$)", expression)]


def _condition(text: str) -> Callable[[Fields], bool]:
    if call := _CALL.fullmatch(text):
        name, wanted = call[2], _literal(f"'{call[3]}'").lower()
        if call[1].lower() == "contains":
            return lambda item: wanted in str(_value(item, name)).lower()
        return lambda item: str(_value(item, name)).lower().startswith(wanted)
    if comparison := _COMPARISON.fullmatch(text):
        path, operator, value = comparison.groups()
        literal, compare = _literal(value), _COMPARE[operator.lower()]
        return lambda item: compare(_value(item, path), literal)
    raise RefusedError(400, "ErrorInvalidUrlQueryFilter", f"Invalid filter clause: {text}")


def _literal(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return text.lower() == "true"


def _value(item: Fields, path: str) -> Any:
    value: Any = item
    for name in path.split("/"):
        if not isinstance(value, dict) or name not in value:
            message = f"Could not find a property named '{path}' on type 'microsoft.graph.event'."
            raise RefusedError(400, "RequestBroker--ParseUri", message)
        value = value[name]
    return value


def _whole(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= 2**31):
        wrong = f"Invalid value '{text}' for {name} query option found."
        raise RefusedError(400, "ErrorInvalidUrlQuery", wrong)
    return min(int(text), MOST_TOP) if name == "$top" else int(text)
