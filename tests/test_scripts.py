"""The scripts in a shell with settings of its own."""

import os
import subprocess
from pathlib import Path

from ava.conf.env import BASE_DIR


def test_a_script_runs_through_a_symlink_whatever_shell_and_python_are_set_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "sandbox").symlink_to(BASE_DIR / "script" / "sandbox")
    done = subprocess.run(
        [tmp_path / "sandbox", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "CDPATH": str(tmp_path),
            "PYTHONPATH": str(tmp_path),
            "PYTHONHOME": str(tmp_path),
            "VIRTUAL_ENV": str(tmp_path),
            "PIP_USER": "1",
            "PIP_REQUIRE_VIRTUALENV": "1",
        },
    )
    assert done.returncode == 0, done.stderr
    assert "--port" in done.stdout
    assert (BASE_DIR / ".venv" / "bin" / "python").exists()
