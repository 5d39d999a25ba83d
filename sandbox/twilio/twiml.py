"""TwiML parser (https://www.twilio.com/docs/voice/twiml): a list of verbs."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

WORD_S = 0.4
OTHER_VERB_S = 1.0
PAUSE_S = 1.0
GATHER_S = 5.0
LONGEST_S = 14_400.0


class NotTwimlError(ValueError):
    """Document parse failure: https://www.twilio.com/docs/api/errors/12100."""


@dataclass(frozen=True)
class Verb:
    """One verb with its attributes, its text and the verbs within."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Verb", ...] = ()

    def number(self, name: str, default: float) -> float:
        """An attribute that is a number of seconds."""
        text = self.attributes.get(name, "")
        fits = re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text)
        return min(float(text), LONGEST_S) if fits else default

    @property
    def duration_s(self) -> float:
        """Seconds of a call that it takes."""
        match self.name:
            case "Say":
                loops = max(self.number("loop", 1), 1)
                return min(max(len(self.text.split()), 1) * WORD_S * loops, LONGEST_S)
            case "Pause":
                return self.number("length", PAUSE_S)
            case "Gather":
                return sum(verb.duration_s for verb in self.children) + self.number(
                    "timeout", GATHER_S
                )
        return OTHER_VERB_S


def parse(document: bytes | str) -> tuple[Verb, ...]:
    """The verbs of a document. Raises: NotTwimlError."""
    text = document if isinstance(document, bytes) else document.encode()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise NotTwimlError("a document type is not allowed")
    try:
        root = ET.fromstring(text)  # noqa: S314 - what AVA wrote
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotTwimlError(str(error)) from None
    if root.tag != "Response":
        raise NotTwimlError(f"the root is <{root.tag}>, not <Response>")
    return tuple(_verb(element) for element in root)


def _verb(element: ET.Element) -> Verb:
    text = "".join(element.itertext()).strip()
    return Verb(element.tag, dict(element.attrib), text, tuple(_verb(child) for child in element))
