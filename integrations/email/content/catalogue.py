"""Catalogue of mail templates: their fields, subjects and samples. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Template:
    """A mail template. Its HTML and its text are `templates/email/{name}.html` and `.txt`."""

    name: str
    about: str
    subject: str  # where the sender gives none; {field} stands for a field of the context
    required: Mapping[str, str]  # field -> what it holds
    optional: Mapping[str, str] = field(default_factory=dict)
    sample: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Mapping[str, str]:
        return {**self.required, **self.optional}


LINK = "link"
"""Field of any template that holds a web address."""

_ALL = (
    Template(
        "plain",
        "A heading and a text.",
        "{heading}",
        {"body": "The text; empty lines part paragraphs."},
        {"heading": "Stands above it."},
        {"heading": "Your appointment", "body": "We look forward to seeing you.\n\nUntil then!"},
    ),
    Template(
        "invitation",
        "An invitation with a button.",
        "{inviter} invites you",
        {"inviter": "Who invites.", LINK: "Where it is accepted."},
        {"name": "Who is invited.", "to": "To what.", "note": "A few words of the inviter."},
        {
            "inviter": "Ada",
            "name": "Grace",
            "to": "the front desk's assistants",
            "note": "You can listen to calls there.",
            LINK: "https://ava.example.com/join",
        },
    ),
    Template(
        "call_summary",
        "What a call by an assistant was about.",
        "Call with {caller}",
        {"summary": "What was said."},
        {
            "assistant": "Its name.",
            "caller": "The other side's number or name.",
            "started_at": "When it began.",
            "duration": "How long it took.",
            "outcome": "How it ended.",
            "transcript": "All that was said.",
            LINK: "The call in AVA.",
        },
        {
            "assistant": "Front desk",
            "caller": "+1 415 555 0123",
            "started_at": "2 December, 14:05",
            "duration": "2 minutes",
            "outcome": "The caller hung up.",
            "summary": "Grace booked a table for two on Friday at eight.",
            LINK: "https://ava.example.com/calls/1",
        },
    ),
    Template(
        "alarm",
        "Something needs attention.",
        "{title}",
        {"title": "What is wrong, in a line.", "what": "The same in a sentence or two."},
        {"since": "Since when.", "action": "What to do.", LINK: "Where to look."},
        {
            "title": "Vapi refuses your key",
            "what": "Calls by your assistants fail since this morning.",
            "since": "08:12",
            "action": "Enter a new key in Settings.",
            LINK: "https://ava.example.com/settings",
        },
    ),
)
TEMPLATES: Mapping[str, Template] = {each.name: each for each in _ALL}
