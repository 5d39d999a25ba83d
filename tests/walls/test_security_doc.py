"""Each wall in docs/SECURITY.md is held by a test that there is."""

import ast
import re

import pytest

from ava.conf.env import BASE_DIR

TEXT = (BASE_DIR / "docs" / "SECURITY.md").read_text()
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| (`.+`) \|$", re.M)
TEST = re.compile(r"`([\w/.]+)::(\w+)`")
WALLS = dict(ROW.findall(TEXT.partition("## Walls")[2].partition("\n## ")[0]))


@pytest.mark.parametrize("wall", WALLS)
def test_every_wall_names_tests_that_exist(wall: str) -> None:
    named = TEST.findall(WALLS[wall])
    assert len(named) == WALLS[wall].count("`") / 2
    for path, name in named:
        tree = ast.parse((BASE_DIR / path).read_text())
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in tests, f"{path}::{name}"


def test_every_row_of_the_table_is_read() -> None:
    section = TEXT.partition("## Walls")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert len(rows) == len(WALLS) + 1


def test_every_file_of_the_suite_holds_a_wall() -> None:
    named = {path for tests in WALLS.values() for path, _ in TEST.findall(tests)}
    files = {f"tests/walls/{file.name}" for file in (BASE_DIR / "tests/walls").glob("test_*.py")}
    assert files - named == {"tests/walls/test_security_doc.py"}
