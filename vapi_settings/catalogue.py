"""Catalogue of settings: keys, where they live in an assistant, what they may hold. Pure."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from vapi_settings import diff
from vapi_settings.diff import ABSENT, EXACT, Document, Path, etag, levels, read, text

KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
CUSTOM_FIELD: Final = "metadata"
MAX_BYTES: Final = 8192
MAX_DEPTH: Final = 32
# Of the `*Voice` schemas of Vapi's OpenAPI document (VapiAI/docs, fern/apis/api/openapi.json,
# 2026-08-18), with which a test compares them.
NARROWER_SPEEDS: Final = {"11labs": (0.7, 1.2), "xai": (0.7, 1.2)}
"""Voice providers that take less than `voice_speed` in general, and what they take of it."""
WITHOUT_SPEED: Final = frozenset(
    {"cartesia", "custom-voice", "deepgram", "hume", "inworld", "sesame", "tavus", "wellsaid"}
)
"""Voice providers whose voices have no field `speed`."""


class ValueRefused(ValueError):
    """A value that does not fit, in a sentence for a person."""


@dataclass(frozen=True)
class Definition:
    """Definition of one setting."""

    key: str
    type: Literal["string", "integer", "float", "boolean", "json"]
    default: Any  # shown while the assistant has no value of its own
    description: str
    path: Path  # in the assistant
    constraints: Mapping[str, Any] = field(default_factory=dict)
    makes_parents: bool = False  # objects missing on the path may be made
    custom: bool = False  # made up by the user

    def held(self, document: Document) -> Any:
        """Value that the assistant holds for the setting, or ABSENT: as Vapi writes null where it
        means "nothing", only a custom setting can hold null."""
        found = read(document, self.path)
        return ABSENT if found is None and not self.custom else found

    def recorded(self, value: Any) -> Any:
        """The value as the ledger keeps it, and as `held` finds it."""
        return value

    def patch(self, document: Document, value: Any) -> dict[str, Any]:
        """The PATCH body that sets the value, or with ABSENT takes it away. Raises:
        ValueRefused."""
        try:
            return diff.patch(document, self.path, value, makes_parents=self.makes_parents)
        except diff.ParentMissing as missing:
            raise ValueRefused(
                f"{self.key} cannot be set: this assistant has no usable {missing}. "
                "Choose one in Vapi's dashboard first."
            ) from None


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
    """A setting of one assistant, as shown to its owner."""

    definition: Definition
    value: Any  # what the assistant holds, as it is; the default where it holds nothing
    constraints: Mapping[str, Any]  # narrowed to the assistant's voice
    is_set: bool  # the assistant holds a value
    etag: str  # of this value, in this assistant
    updated_at: datetime | None  # of this value, where AVA knows; else of the assistant

    @property
    def exists(self) -> bool:
        """Whether there is such a setting: a custom one is there while it holds a value."""
        return self.is_set or not self.definition.custom


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
        {"max_bytes": MAX_BYTES},
        makes_parents=True,
        custom=True,
    )


def present(document: Document) -> Iterator[Definition]:
    """The standard settings, then the assistant's custom ones by name; no other metadata."""
    yield from STANDARD.values()
    metadata = document.get(CUSTOM_FIELD)
    if isinstance(metadata, Mapping):
        for key in sorted(metadata):
            found = definition(key)
            if found is not None and found.custom:
                yield found


def show(document: Document, wanted: Definition, *, updated_at: datetime | None = None) -> Setting:
    """The setting as the assistant has it. Strange values from elsewhere are shown as they are."""
    found = wanted.held(document)
    value = wanted.default if found is ABSENT else found
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if wanted.type == "float" and is_whole and abs(value) <= EXACT:
        value = float(value)
    return Setting(
        definition=wanted,
        value=value,
        constraints=constraints(document, wanted),
        is_set=found is not ABSENT,
        etag=etag(document.get("id"), wanted.key, text(found)),
        updated_at=updated_at,
    )


def constraints(document: Document, wanted: Definition) -> Mapping[str, Any]:
    """The setting's bounds on this assistant."""
    provider = read(document, ("voice", "provider"))
    if wanted.key == "voice_speed" and isinstance(provider, str) and provider in NARROWER_SPEEDS:
        low, high = NARROWER_SPEEDS[provider]
        return {"minimum": low, "maximum": high}
    return wanted.constraints


def check(wanted: Definition, value: Any, document: Document | None = None) -> Any:
    """The value as it is to be stored; `document` narrows what its voice takes. Raises:
    ValueRefused."""
    key, bounds = wanted.key, wanted.constraints
    if document is not None:
        if key == "voice_speed":
            _check_voice(document)
        bounds = constraints(document, wanted)
    match wanted.type:
        case "string":
            _check_string(key, value, bounds)
        case "integer" | "float":
            return _number(wanted, value, bounds)
        case "boolean" if not isinstance(value, bool):
            raise ValueRefused(f"{key} must be true or false.")
        case "json":
            _check_json(key, value, bounds)
    return value


def _check_voice(document: Document) -> None:
    provider = read(document, ("voice", "provider"))
    if isinstance(provider, str) and provider in WITHOUT_SPEED:
        raise ValueRefused(
            f"The speed of this assistant's voice cannot be changed: {provider} voices have none."
        )


def _check_string(key: str, value: Any, bounds: Mapping[str, Any]) -> None:
    if not isinstance(value, str):
        raise ValueRefused(f"{key} must be a text.")
    _check_text(key, value)
    low, high = bounds["min_length"], bounds["max_length"]
    if not low <= len(value) <= high:
        raise ValueRefused(f"{key} must have {low} to {high} characters; this has {len(value)}.")


def _number(wanted: Definition, value: Any, bounds: Mapping[str, Any]) -> float:
    """The number; 60.0 is a whole one, as it is in JSON."""
    is_whole = wanted.type == "integer"
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if fits and isinstance(value, float):
        fits = value.is_integer() if is_whole else math.isfinite(value)
    if not fits:
        raise ValueRefused(f"{wanted.key} must be a {'whole ' if is_whole else ''}number.")
    low, high = bounds["minimum"], bounds["maximum"]
    if not low <= value <= high:
        raise ValueRefused(f"{wanted.key} must be between {low} and {high}.")
    return int(value) if is_whole else float(value)


def _check_json(key: str, value: Any, bounds: Mapping[str, Any]) -> None:
    for depth, level in enumerate(levels(value)):
        if depth == MAX_DEPTH:
            raise ValueRefused(f"{key} must not be nested deeper than {MAX_DEPTH} levels.")
        for part in level:
            if isinstance(part, str):
                _check_text(key, part)
            elif isinstance(part, float) and not math.isfinite(part):
                raise ValueRefused(f"{key} must not hold NaN or an infinite number.")
            elif isinstance(part, int) and abs(part) > EXACT:
                raise ValueRefused(
                    f"{key} must not hold whole numbers beyond {EXACT}: Vapi would round them. "
                    "Send them as text."
                )
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > bounds["max_bytes"]:
        raise ValueRefused(f"{key} must fit into {bounds['max_bytes']} bytes; this has {size}.")


def _check_text(key: str, value: str) -> None:
    if "\0" in value:
        raise ValueRefused(f"{key} must not hold the character U+0000.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueRefused(f"{key} must be valid Unicode text.") from None
