"""The providers' official documents, made strict. They are not part of the project."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def folder() -> Path:
    """Where the documents are; skips the test where there are none."""
    found = Path(os.environ.get("AVA_SPECS_DIR") or ROOT.parent / "shared" / "specs")
    if not found.is_dir():
        pytest.skip(
            "the providers' official documents are not here; AVA_SPECS_DIR names their folder"
        )
    return found


def load(name: str) -> Any:
    """One document as it is."""
    return json.loads((folder() / name).read_text("utf-8"))


def strict(value: Any) -> Any:
    """Make a document checkable.

    Unknown fields are forbidden, and a known voice may match both sides of its `voiceId`,
    `oneOf [enum, string]`.
    What no value at all could meet as written is mended: patterns between JavaScript's slashes,
    lists of strings that an array or an object should be one of.
    """
    if isinstance(value, list):
        return [strict(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: strict(item) for key, item in value.items()}
    if str(made.get("pattern", "")).startswith("/"):
        del made["pattern"]
    if made.get("type") == "array" and "enum" in made:
        del made["enum"]
    if made.get("type") == "object" and "enum" in made:
        made["type"] = "string"
    if made.get("type") == "object" and made.get("properties"):
        made.setdefault("additionalProperties", False)
    if isinstance(options := made.get("oneOf"), list) and {"type": "string"} in [
        {"type": o.get("type")} for o in options if isinstance(o, dict) and "enum" not in o
    ]:
        made["anyOf"] = made.pop("oneOf")
    return made
