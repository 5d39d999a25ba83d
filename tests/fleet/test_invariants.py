"""The breaker's invariants, and the walls between tenants, in docs/ARCHITECTURE.md are each held by
tests that there are."""

import ast
import re

import pytest

from ava.conf.env import BASE_DIR

pytestmark = pytest.mark.slow

ARCHITECTURE = BASE_DIR / "docs" / "ARCHITECTURE.md"
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (`.+`) \|$", re.M)
TEST = re.compile(r"`([\w/.]+)::(\w+)`")


def test_every_invariant_names_tests_that_exist() -> None:
    rows = ROW.findall(ARCHITECTURE.read_text())
    assert [int(number) for number, _ in rows] == list(range(1, 13))
    for _, held_by in rows:
        named = TEST.findall(held_by)
        assert len(named) == held_by.count("`") / 2
        for path, name in named:
            assert name in names_in(path), f"{path}::{name}"


def test_every_wall_between_tenants_names_tests_that_exist() -> None:
    _, _, section = ARCHITECTURE.read_text().partition("## Per tenant or shared")
    rows = re.findall(r"^\| [^|]+ \|(?:[^|]+\|){3} (`.+`) \|$", section.partition("\n## ")[0], re.M)
    assert len(rows) >= 15
    for held_by in rows:
        for named in re.findall(r"`([^`]+)`", held_by):
            path, _, name = named.partition("::")
            tests = names_in(path)
            assert name in tests if name else tests, named


def names_in(path: str) -> set[str]:
    tree = ast.parse((BASE_DIR / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
