"""Microsoft's description of Graph, mended where it is not what Graph does.

It is made from Graph's metadata by a general tool, which forgets that single complex properties may
be null (`recurrence`, `onlineMeeting`), and OData's own annotations (`@odata.nextLink`).
"""

from typing import Any

NAME = "msgraph_me_calendar.json"
_ANNOTATIONS = {
    "@odata.context": {"type": "string"},
    "@odata.etag": {"type": "string"},
    "@odata.nextLink": {"type": "string", "format": "uri"},
}


def mended(value: Any) -> Any:
    """The document, or a part of it, mended."""
    if isinstance(value, list):
        return [mended(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: mended(one) for key, one in value.items()}
    if isinstance(properties := made.get("properties"), dict) and "error" not in properties:
        made["properties"] = {
            **_ANNOTATIONS,
            **{name: _nullable(schema) for name, schema in properties.items()},
        }
    if isinstance(parameters := made.get("parameters"), list):
        # Both windows of calendarView are there twice, first without their format.
        named = {one.get("name", str(one)): one for one in parameters}
        made["parameters"] = list(named.values())
    if made.get("title") == "location":
        # Its alternatives are a wider object and anything.
        del made["anyOf"]
    return made


def _nullable(schema: Any) -> Any:
    if list(schema) != ["allOf"]:
        return schema
    return {"anyOf": [*schema["allOf"], {"type": "object", "nullable": True, "maxProperties": 0}]}
