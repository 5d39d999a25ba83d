"""Where the providers' official specs lie, when they lie anywhere (they are not part of AVA)."""

import functools
import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("AVA_SPECS_DIR") or ROOT.parent / "shared" / "specs")
VAPI = FOLDER / "vapi_openapi.json"

needs_specs = pytest.mark.skipif(
    not VAPI.exists(), reason=f"Vapi's official spec is not in {FOLDER} (set AVA_SPECS_DIR)"
)


@functools.cache
def vapi():
    return json.loads(VAPI.read_text("utf-8"))
