import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ava.conf import keyfile
from ava.conf.env import BASE_DIR


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    assert keyfile.ensure(tmp_path / "data")
    mode = (tmp_path / "data" / keyfile.NAME).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_second_start_keeps_the_keys(tmp_path: Path) -> None:
    keyfile.ensure(tmp_path)
    first = keyfile.read(tmp_path)
    assert not keyfile.ensure(tmp_path)
    assert keyfile.read(tmp_path) == first


def test_two_installations_never_share_a_key(tmp_path: Path) -> None:
    keyfile.ensure(tmp_path / "a")
    keyfile.ensure(tmp_path / "b")
    a, b = keyfile.read(tmp_path / "a"), keyfile.read(tmp_path / "b")
    assert all(a[name] != b[name] for name in ("SECRET_KEY", "AVA_JWT_KEY", "AVA_KEYS"))


def test_of_many_starts_at_once_one_makes_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        made = list(pool.map(lambda _: keyfile.ensure(tmp_path), range(4)))
    assert made.count(True) == 1
    assert [path.name for path in tmp_path.iterdir()] == [keyfile.NAME]


@pytest.mark.parametrize("content", ["", "{", "[]", '"keys"'])
def test_a_broken_key_file_is_reported_and_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / keyfile.NAME).write_text(content)
    with pytest.raises(keyfile.KeyFileInvalid, match="Restore it from your backup"):
        keyfile.read(tmp_path)
    assert not keyfile.ensure(tmp_path)
    assert (tmp_path / keyfile.NAME).read_text() == content


def test_the_message_about_a_broken_file_holds_no_key(tmp_path: Path) -> None:
    (tmp_path / keyfile.NAME).write_text(json.dumps({"SECRET_KEY": "s3cr3t"})[:-1])
    with pytest.raises(keyfile.KeyFileInvalid) as refused:
        keyfile.read(tmp_path)
    assert "s3cr3t" not in str(refused.value)


def command(tmp_path: Path, lines: str) -> subprocess.CompletedProcess[str]:
    """`python -m ava.conf.keyfile` with these lines in the env file."""
    (tmp_path / ".env").write_text(lines)
    return subprocess.run(
        [sys.executable, "-m", "ava.conf.keyfile"],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "AVA_ENV_FILE": str(tmp_path / ".env")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_makes_the_keys_where_the_env_file_says(tmp_path: Path) -> None:
    data_dir = tmp_path / "elsewhere"
    result = command(tmp_path, f"AVA_DATA_DIR={data_dir}\n")
    assert result.returncode == 0, result.stderr
    assert str(data_dir) in result.stdout
    assert keyfile.read(data_dir)


def test_a_wrong_variable_ends_the_command_in_a_sentence(tmp_path: Path) -> None:
    result = command(tmp_path, f"AVA_DATA_DIR={tmp_path}\nAVA_PORT=eighty\n")
    assert result.returncode == 2
    assert result.stderr.startswith("AVA_PORT must be a whole number")
    assert "Traceback" not in result.stderr


def test_a_kill_while_a_file_is_written_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as kill:
        kill.setattr(os, "fsync", die)
        with pytest.raises(KeyboardInterrupt):
            keyfile.write_once(tmp_path / "demo-password", "first")
    assert not (tmp_path / "demo-password").exists()
    assert keyfile.write_once(tmp_path / "demo-password", "second")
    assert not keyfile.write_once(tmp_path / "demo-password", "third")
    assert (tmp_path / "demo-password").read_text() == "second"
