"""Vendored assets: each listed with its version, licence and hash, and as it was."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import engines

from ava.conf.env import BASE_DIR

LISTED = json.loads((BASE_DIR / "static" / "vendor.json").read_text())
TEMPLATES = sorted((BASE_DIR / "templates").rglob("*.html"))


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_that_is_listed(entry: dict[str, str]) -> None:
    found = finders.find(entry["file"])
    assert found is not None
    assert hashlib.sha256(Path(found).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert entry["licence"]
    assert entry["source"].startswith("https://")


def test_pages_load_own_and_listed_files_only() -> None:
    text = "".join(path.read_text() for path in TEMPLATES)
    loaded = set(re.findall(r"{% static '([^']+)' %}", text))
    own = {str(path.relative_to(BASE_DIR / "static")) for path in BASE_DIR.glob("static/ava/**/*")}
    assert loaded <= own | {entry["file"] for entry in LISTED}


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = set(
        re.findall(r'<symbol id="([^"]+)"', (BASE_DIR / "static/ava/icons.svg").read_text())
    )
    text = "".join(path.read_text() for path in TEMPLATES)
    named = set(re.findall(r'{% icon "([^"]+)"', text)) | set(re.findall(r'sign="([^"]+)"', text))
    assert named <= sprite


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_a_template_is_short_and_brings_no_script_or_style_of_its_own(path: Path) -> None:
    if "email" in path.parts:  # mails need styles in their elements
        return
    text = path.read_text()
    engines["django"].from_string(text)
    assert len(text.splitlines()) <= 80
    html = re.sub(r"{%.*?%}", "", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("path", sorted(BASE_DIR.glob("static/ava/**/*.css")), ids=lambda p: p.stem)
def test_a_sheet_is_in_a_layer_and_forces_nothing(path: Path) -> None:
    text = path.read_text()
    assert re.search(r"^@layer \w+ {", text, re.M)
    assert "!important" not in text
    assert len(text.splitlines()) < 300
