"""The scripts in a shell with settings of its own."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

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


def _wheel(directory: Path) -> str:
    """Make the wheel of a package `strange`; its line of a lock file."""
    path = directory / "strange-1-py3-none-any.whl"
    info = "strange-1.dist-info"
    with ZipFile(path, "w") as wheel:
        wheel.writestr("strange.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: strange\nVersion: 1\n")
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")
    return f"strange==1 --hash=sha256:{sha256(path.read_bytes()).hexdigest()}\n"


@pytest.mark.slow
def test_packages_are_installed_beside_the_script_whatever_pip_is_set_to(tmp_path: Path) -> None:
    home = tmp_path / "a home"
    (home / "script").mkdir(parents=True)
    (home / "script" / "_setup").write_bytes((BASE_DIR / "script" / "_setup").read_bytes())
    (home / "lock.txt").write_text(_wheel(home))
    elsewhere = tmp_path / "elsewhere"
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nuser = true\ntarget = {elsewhere}\nprefix = {elsewhere}\n"
        f"require-virtualenv = true\nno-index = true\nfind-links = {home.as_uri()}\n"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", "set -eu; umask 077; . script/_setup; setup lock.txt"],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHON": sys.executable,
            "PIP_CONFIG_FILE": str(config),
            **dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"), str(elsewhere)),
            **dict.fromkeys(("PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PYTHONSAFEPATH"), "1"),
            **dict.fromkeys(("CDPATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"), str(tmp_path)),
            **dict.fromkeys(("CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"), str(elsewhere)),
        },
    )
    assert done.returncode == 0, done.stderr
    subprocess.run([home / ".venv" / "bin" / "python", "-c", "import strange"], check=True)
    assert not elsewhere.exists()


def sandbox_with(python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BASE_DIR / "script" / "sandbox", "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHON": python},
    )


def test_a_python_that_is_not_there_is_not_replaced_by_another() -> None:
    done = sandbox_with("python3.99")
    assert done.returncode == 1
    assert done.stderr == "PYTHON names no Python that runs here: python3.99\n"


def test_a_python_of_the_version_of_the_environment_makes_no_other() -> None:
    there = {*BASE_DIR.glob(".venv*")}
    done = sandbox_with(str(BASE_DIR / ".venv" / "bin" / "python"))
    assert done.returncode == 0, done.stderr
    assert {*BASE_DIR.glob(".venv*")} == there
