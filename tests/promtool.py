"""Prometheus' own checker of rules, `promtool`, and the line that installs it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

INSTALL = "apt-get install -y --no-install-recommends prometheus"


def path_of(program: str) -> str:
    """The path of `promtool` or `prometheus`; skips the test where there is none."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} here: {INSTALL}")
    return found


def write(file: Path, rules: list[dict[str, Any]]) -> Path:
    """A file with these rules as one group."""
    file.write_text(yaml.safe_dump({"groups": [{"name": "tested", "rules": rules}]}))
    return file


def check_rules(file: Path) -> None:
    _run("check", "rules", file)


def run_tests(file: Path) -> None:
    _run("test", "rules", file)


def check_config(file: Path) -> None:
    _run("check", "config", "--syntax-only", file)


def _run(*arguments: str | Path) -> None:
    done = subprocess.run(
        [path_of("promtool"), *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
