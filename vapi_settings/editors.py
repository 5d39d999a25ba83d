"""Editors of settings on pages: names, limits and values as people read and type them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from ava.console import jsontext
from vapi_settings import catalogue
from vapi_settings.catalogue import Definition, Setting, ValueRefused
from vapi_settings.diff import ABSENT, Document

ON: Final = "on"
"""Value that the form of a switch sends; off, it sends nothing."""

_STEPS: Final = {"voice_speed": "0.05", "temperature": "0.1"}
_ENDS: Final = {
    "voice_speed": ("slower", "faster"),
    "temperature": ("predictable", "free"),
    "max_call_duration": ("1 min", "1 h"),
}
LONGEST: Final = 60


def name(wanted: Definition) -> str:
    """The setting's name in a sentence: "Voice speed"; the key of a custom one."""
    return wanted.key if wanted.custom else wanted.key.replace("_", " ").capitalize()


def step(wanted: Definition) -> str:
    """Smallest step of a slider."""
    return _STEPS.get(wanted.key, "1")


def ends(wanted: Definition) -> tuple[str, str]:
    """Words at a slider's ends; empty where the numbers say it."""
    return _ENDS.get(wanted.key, ("", ""))


def limits(wanted: Definition, bounds: Mapping[str, Any]) -> str:
    """Limits of the setting in words, shown before a value is typed."""
    match wanted.type:
        case "string":
            return f"{bounds['min_length']} to {bounds['max_length']} characters."
        case "integer":
            return f"A whole number from {bounds['minimum']} to {bounds['maximum']}."
        case "float":
            return f"A number from {bounds['minimum']} to {bounds['maximum']}."
        case "json":
            return f"JSON of at most {bounds['max_bytes']} bytes."
        case "boolean":
            return ""


def typed(wanted: Definition, value: Any) -> str:
    """The value as it stands in the control."""
    if wanted.type == "boolean" and isinstance(value, bool):
        return ON if value else ""
    if wanted.type == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)  # 1.0, as the list has it
    if wanted.type == "json" or not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, indent=2)
    return value


def words(wanted: Definition, value: Any) -> str:
    """The value as people read it; empty where there is none."""
    if value is ABSENT:
        return ""
    if wanted.type == "boolean" and isinstance(value, bool):
        return "On" if value else "Off"
    return typed(wanted, value)


def sentence(wanted: Definition, value: Any) -> str:
    """Sentence on the setting's present value, for a notice."""
    said = words(wanted, value)
    if not said:
        return f"{name(wanted)} holds no value now."
    if wanted.type in ("string", "json") or len(said) > LONGEST:
        return f"{name(wanted)} is changed."
    return f"{name(wanted)} is {said.lower() if wanted.type == 'boolean' else said} now."


def read(wanted: Definition, text: str, document: Document) -> Any:
    """The value that was typed, if this assistant takes it. Raises: ValueRefused."""
    try:
        value = catalogue.check(wanted, _parsed(wanted, text), document)
        wanted.patch(document, value)
    except ValueRefused as refused:
        raise ValueRefused(_said(wanted, refused)) from None
    return value


def obstacle(setting: Setting, document: Document) -> str:
    """Reason why nothing can be set here on this assistant; empty where something can."""
    wanted = setting.definition
    if wanted.type not in ("integer", "float"):
        return ""
    try:
        read(wanted, str(setting.constraints["minimum"]), document)
    except ValueRefused as refused:
        return str(refused)
    return ""


def oddity(setting: Setting, document: Document) -> str:
    """Warning about a value that AVA would not have set, but the assistant holds; empty where it
    would have."""
    if not setting.is_set:
        return ""
    try:
        catalogue.check(setting.definition, setting.value, document)
    except ValueRefused as refused:
        return f"Vapi holds what AVA would not set. {_said(setting.definition, refused)}"
    return ""


def _parsed(wanted: Definition, text: str) -> Any:
    match wanted.type:
        case "boolean":
            return text == ON
        case "integer" | "float":
            return _number(text.strip())
        case "json":
            try:
                return jsontext.parsed(text)
            except jsontext.NotJson as fault:
                raise ValueRefused(str(fault)) from None
        case "string":
            return text.replace("\r\n", "\n")  # as forms send line ends


def _number(text: str) -> Any:
    """The number; a text that is none as it is, to be refused."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _said(wanted: Definition, refused: ValueRefused) -> str:
    return str(refused).replace(wanted.key, name(wanted), 1)
