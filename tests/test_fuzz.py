"""The OpenAPI document, fuzzed: nothing but documented answers, and never a 500."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ava.env import BASE_DIR
from tests.server import RunningAva

# Ends the login that the fuzzer uses; fuzzed last, alone.
LOGOUT = "/api/v1/auth/logout"


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("fuzz") / "var") as running:
        yield running.login()


def fuzz(ava: RunningAva, scratch: Path, *options: str) -> str:
    """Run schemathesis with all its checks; what it says when it finds something."""
    result = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{ava.url}/api/schema",
            f"--header=Authorization: {ava.session.headers['Authorization']}",
            "--checks=all",
            "--seed=1",
            "--max-examples=15",
            "--no-color",
            *options,
        ],
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


def test_fuzzing_finds_no_500_and_no_undocumented_answer(ava: RunningAva, tmp_path: Path) -> None:
    found = fuzz(ava, tmp_path, f"--exclude-path={LOGOUT}")
    assert not found, found
    assert "Traceback" not in ava.output()


def test_fuzzing_the_logout_finds_nothing_either(ava: RunningAva, tmp_path: Path) -> None:
    found = fuzz(ava, tmp_path, f"--include-path={LOGOUT}")
    assert not found, found
    assert BASE_DIR not in tmp_path.parents
