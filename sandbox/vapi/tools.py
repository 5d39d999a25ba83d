"""Tools of a model: the commonest in full, the others as open objects of a known type."""

from sandbox.vapi.common import FLAG, OBJECT, OBJECTS, SERVER, TEXT, TEXTS, choice, tagged
from sandbox.vapi.rules import ByTag, Either, ListOf, Rule, Shape, Text

_COMMON: dict[str, Rule] = {"messages": OBJECTS, "rejectionPlan": OBJECT}

FUNCTION = Shape(
    {
        "name": Text(high=64, pattern=r"[a-zA-Z0-9_-]{1,64}"),
        "strict": FLAG,
        "description": TEXT,
        "parameters": Shape(
            {"type": choice("object"), "properties": OBJECT, "required": TEXTS},
            ("type", "properties"),
        ),
    },
    ("name",),
)

DESTINATION = ByTag(
    "type",
    tagged(
        "type",
        {
            "number": (
                {
                    "message": Either((TEXT, OBJECT)),
                    "numberE164CheckEnabled": FLAG,
                    "number": Text(3, 40),
                    "extension": Text(1, 10),
                    "callerId": Text(high=40),
                    "transferPlan": OBJECT,
                    "description": TEXT,
                },
                "number",
            )
        },
    )
    | {"assistant": OBJECT, "sip": OBJECT},
)

_FULL: dict[str, tuple[dict[str, Rule], str]] = {
    "function": (
        {
            **_COMMON,
            "async": FLAG,
            "server": SERVER,
            "variableExtractionPlan": OBJECT,
            "parameters": OBJECTS,
            "function": FUNCTION,
        },
        "",
    ),
    "transferCall": ({**_COMMON, "destinations": ListOf(DESTINATION)}, ""),
    "endCall": (_COMMON, ""),
}

_OPEN = """
    apiRequest bash code computer dtmf handoff mcp query sms sipRequest textEditor voicemail
    gohighlevel.calendar.availability.check gohighlevel.calendar.event.create
    gohighlevel.contact.create gohighlevel.contact.get
    google.calendar.availability.check google.calendar.event.create google.sheets.row.append
    slack.message.send
"""

TOOL = ByTag("type", {**tagged("type", _FULL), **dict.fromkeys(_OPEN.split(), OBJECT)})
