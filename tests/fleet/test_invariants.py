"""The breaker's invariants in docs/ARCHITECTURE.md are each held by a test that there is."""

import ast
import re

from ava.env import BASE_DIR

ROW = re.compile(r"^\| (\d+) \| [^|]+ \| `([\w/.]+)::(\w+)` \|$", re.M)


def test_every_invariant_names_a_test_that_exists() -> None:
    rows = ROW.findall((BASE_DIR / "docs" / "ARCHITECTURE.md").read_text())
    assert [int(number) for number, _, _ in rows] == list(range(1, 13))
    for _, path, name in rows:
        tree = ast.parse((BASE_DIR / path).read_text())
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in tests, f"{path}::{name}"
