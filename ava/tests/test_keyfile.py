import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ava import keyfile


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    assert keyfile.ensure(tmp_path / "data")
    mode = (tmp_path / "data" / keyfile.NAME).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


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
def test_a_broken_key_file_is_told_and_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / keyfile.NAME).write_text(content)
    with pytest.raises(keyfile.KeyFileInvalid, match="Restore it from your backup"):
        keyfile.read(tmp_path)
    assert not keyfile.ensure(tmp_path)
    assert (tmp_path / keyfile.NAME).read_text() == content


def test_the_message_about_a_broken_file_holds_no_key(tmp_path: Path) -> None:
    (tmp_path / keyfile.NAME).write_text(json.dumps({"SECRET_KEY": "s3cr3t"})[:-1])
    with pytest.raises(keyfile.KeyFileInvalid) as told:
        keyfile.read(tmp_path)
    assert "s3cr3t" not in str(told.value)
