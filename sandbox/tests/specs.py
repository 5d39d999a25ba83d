"""The providers' official documents, made strict. They are not part of the project."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests import graph_spec

ROOT = Path(__file__).parents[2]


def folder() -> Path:
    """Folder of the documents; skips the test where there are none."""
    if not available():
        pytest.skip(
            "the providers' official documents are not here; AVA_SPECS_DIR names their folder"
        )
    return _folder()


def available() -> bool:
    """Whether the documents are here."""
    return _folder().is_dir()


def _folder() -> Path:
    return Path(os.environ.get("AVA_SPECS_DIR") or ROOT.parent / "shared" / "specs")


def load(name: str) -> Any:
    """One document as it is."""
    return json.loads((folder() / name).read_text("utf-8"))


@cache
def strictly(name: str) -> Any:
    """One document made strict. It is kept, and must not be changed."""
    document = load(name)
    return strict(graph_spec.mended(document) if name == graph_spec.NAME else document)


def operation(name: str, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A document's entry for a request, and the parameters in its path.

    Raises: AssertionError: nothing.
    """
    for template, reported in strictly(name)["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        if found := re.fullmatch(pattern, path):
            assert method.lower() in reported, f"{path} does not take {method}"
            return reported[method.lower()], found.groupdict()
    raise AssertionError(f"{path} is no path that the document knows")


def strict(value: Any) -> Any:
    """Make a document checkable.

    Unknown fields are forbidden, and a known voice may match both sides of its `voiceId`,
    `oneOf [enum, string]`; what a user says also fits the schema of what the bot says.
    What no value at all could meet as written is mended: patterns between JavaScript's slashes,
    lists of strings that an array or an object should be one of, lists without a string.
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
    if made.get("enum") == []:
        del made["enum"]
    if made.get("type") == "object" and made.get("properties"):
        made.setdefault("additionalProperties", False)
    if isinstance(options := made.get("oneOf"), list) and _overlap(options):
        made["anyOf"] = made.pop("oneOf")
    return made


def _overlap(options: list[Any]) -> bool:
    """Whether a value may rightly fit more than one of them."""
    named = {str(one.get("$ref", "")).rpartition("/")[2] for one in options}
    strings = [one for one in options if one.get("type") == "string"]
    return {"UserMessage", "BotMessage"} <= named or (
        len(strings) > 1 and any("enum" not in one for one in strings)
    )
