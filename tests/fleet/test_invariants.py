"""The breaker's invariants in docs/ARCHITECTURE.md are each held by a test that there is."""

import ast
import re

from ava.env import BASE_DIR

ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (`.+`) \|$", re.M)
TEST = re.compile(r"`([\w/.]+)::(\w+)`")


def test_every_invariant_names_tests_that_exist() -> None:
    rows = ROW.findall((BASE_DIR / "docs" / "ARCHITECTURE.md").read_text())
    assert [int(number) for number, _ in rows] == list(range(1, 13))
    for _, held_by in rows:
        named = TEST.findall(held_by)
        assert len(named) == held_by.count("`") / 2
        for path, name in named:
            tree = ast.parse((BASE_DIR / path).read_text())
            tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in tests, f"{path}::{name}"
