"""A data directory as AVA's first start leaves it: made once, for all who are not about that."""

import atexit
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from ava.conf.env import BASE_DIR

_SHARED = "TESTS_SHARED_DIR"
_PREPARE = """
import os
from ava.conf import env, keyfile
from ava.server import serve
os.umask(0o077)
values = env.load()
keyfile.prepare(env.BASE_DIR / values["AVA_DATA_DIR"], values)
serve.prepare_django()
"""


def copy(data_dir: Path, *, password: str) -> None:
    """Make this directory one that has been used, unless it is.

    Args:
        password: the demo user's.
    """
    if not (data_dir / "keys.json").exists():
        shutil.copytree(_made(password), data_dir, dirs_exist_ok=True)


def shared_dir() -> Path:
    """What the processes of one run share: those that this one starts inherit the variable."""
    if _SHARED not in os.environ:
        os.environ[_SHARED] = tempfile.mkdtemp(prefix="ava-tests-shared-")
        atexit.register(shutil.rmtree, os.environ[_SHARED], ignore_errors=True)
    return Path(os.environ[_SHARED])


@cache
def _made(password: str) -> Path:
    """Its place, once any process of this run has made it."""
    name = hashlib.sha256(password.encode()).hexdigest()
    place = shared_dir() / name
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _make(place.with_suffix(".new"), password).rename(place)
    return place


def _make(place: Path, password: str) -> Path:
    environment = {
        "PATH": os.environ["PATH"],
        "AVA_ENV_FILE": os.devnull,
        "AVA_DATA_DIR": str(place),
        "AVA_SANDBOX": "1",
        "AVA_DEMO_PASSWORD": password,
    }
    command = [sys.executable, "-c", _PREPARE]
    subprocess.run(command, cwd=BASE_DIR, env=environment, stdout=subprocess.DEVNULL, check=True)
    return place
