"""The settings that AVA knows: what they are called, where they live, what they may hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from vapi_settings import values, voices
from vapi_settings.diff import ABSENT, Document, Path, read
from vapi_settings.values import ValueRefused

Type = Literal["string", "integer", "float", "boolean", "json"]

KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
CUSTOM_FIELD: Final = "metadata"


@dataclass(frozen=True)
class Definition:
    """One setting.

    Attributes:
        key: its name at AVA.
        type: what its value is.
        default: what is shown, and suggested, while the assistant has no value of its own.
        description: a sentence for people.
        path: where it lives in the assistant.
        constraints: bounds, by name, in the order of the docs.
        makes_parents: whether objects missing on the path may be made.
        custom: whether the user made it up.
    """

    key: str
    type: Type
    default: Any
    description: str
    path: Path
    constraints: Mapping[str, Any] = field(default_factory=dict)
    makes_parents: bool = False
    custom: bool = False


STANDARD: Final = {
    definition.key: definition
    for definition in (
        Definition(
            "greeting_message",
            "string",
            "Hello!",
            "What the assistant says first.",
            ("firstMessage",),
            {"min_length": 1, "max_length": 200},
        ),
        Definition(
            "max_call_duration",
            "integer",
            1800,
            "Seconds after which a call is ended.",
            ("maxDurationSeconds",),
            {"minimum": 60, "maximum": 3600},
        ),
        Definition(
            "voice_speed",
            "float",
            1.0,
            "How fast the voice speaks; 1.0 is its natural pace.",
            ("voice", "speed"),
            {"minimum": 0.5, "maximum": 1.2},
        ),
        Definition(
            "temperature",
            "float",
            0.7,
            "How freely the model answers: 0 is the most predictable.",
            ("model", "temperature"),
            {"minimum": 0.0, "maximum": 2.0},
        ),
        Definition(
            "max_tokens",
            "integer",
            250,
            "The most tokens the model may use for one answer.",
            ("model", "maxTokens"),
            {"minimum": 50, "maximum": 1000},
        ),
        Definition(
            "enable_transcription",
            "boolean",
            True,
            "Whether a transcript of each call is kept.",
            ("artifactPlan", "transcriptPlan", "enabled"),
            makes_parents=True,
        ),
    )
}


@dataclass(frozen=True)
class Setting:
    """A setting of one assistant, as shown to its owner.

    Attributes:
        value: what the assistant holds, as it is; the default where it holds nothing.
        is_set: whether the assistant holds a value.
        constraints: narrowed to the assistant's voice.
    """

    key: str
    value: Any
    type: Type
    description: str
    constraints: Mapping[str, Any]
    default: Any
    custom: bool
    is_set: bool


def definition(key: str) -> Definition | None:
    """The setting of that name: a standard one, a custom one, or None for no possible name."""
    if key in STANDARD:
        return STANDARD[key]
    if KEY.fullmatch(key) is None:
        return None
    return Definition(
        key,
        "json",
        None,
        "A setting of your own, kept in the assistant's metadata.",
        (CUSTOM_FIELD, key),
        {"max_bytes": values.MAX_BYTES},
        makes_parents=True,
        custom=True,
    )


def present(document: Document) -> Iterator[Definition]:
    """The standard settings, then the assistant's custom ones by name.

    Metadata that is no possible key belongs to somebody else and is left alone.
    """
    yield from STANDARD.values()
    metadata = document.get(CUSTOM_FIELD)
    if isinstance(metadata, Mapping):
        for key in sorted(metadata):
            found = definition(key)
            if found is not None and found.custom:
                yield found


def held(document: Document, wanted: Definition) -> Any:
    """What the assistant holds for the setting, or ABSENT.

    Vapi writes null where it means "nothing": only a custom setting can hold null as a value.
    """
    found = read(document, wanted.path)
    return ABSENT if found is None and not wanted.custom else found


def show(document: Document, wanted: Definition) -> Setting:
    """The setting as the assistant has it. Strange values from elsewhere are shown as they are."""
    found = held(document, wanted)
    value = wanted.default if found is ABSENT else found
    if wanted.type == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = values.as_float(value)
    return Setting(
        key=wanted.key,
        value=value,
        type=wanted.type,
        description=wanted.description,
        constraints=constraints(document, wanted),
        default=wanted.default,
        custom=wanted.custom,
        is_set=found is not ABSENT,
    )


def constraints(document: Document, wanted: Definition) -> Mapping[str, Any]:
    """The setting's bounds on this assistant."""
    provider = read(document, ("voice", "provider"))
    if wanted.key != "voice_speed" or not isinstance(provider, str):
        return wanted.constraints
    low, high = voices.narrowed(
        provider, wanted.constraints["minimum"], wanted.constraints["maximum"]
    )
    return {"minimum": low, "maximum": high}


def check(wanted: Definition, value: Any, document: Document | None = None) -> Any:
    """The value as it is to be stored.

    Args:
        wanted: the setting.
        value: parsed JSON from the user.
        document: the assistant, once it is known: it narrows what its voice takes.

    Raises: ValueRefused with a sentence.
    """
    bounds = wanted.constraints
    if document is not None:
        if wanted.key == "voice_speed":
            _check_voice(document)
        bounds = constraints(document, wanted)
    return values.CHECKS[wanted.type](wanted.key, value, bounds)


def _check_voice(document: Document) -> None:
    provider = read(document, ("voice", "provider"))
    if isinstance(provider, str) and provider in voices.WITHOUT_SPEED:
        raise ValueRefused(
            f"The speed of this assistant's voice cannot be changed: {provider} voices have none."
        )
