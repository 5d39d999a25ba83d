"""Data files of the sandbox, in JSON."""

import json
from importlib import resources
from typing import Any


def read_json(package: str, *path: str) -> Any:
    """A JSON file of a package, such as `read_json("sandbox.vapi", "schema.json")`."""
    return json.loads(resources.files(package).joinpath(*path).read_text("utf-8"))
