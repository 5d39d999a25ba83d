"""A data directory as AVA's first start leaves it: made once, for all who are not about that."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from ava.conf.env import BASE_DIR

_PREPARE = """
import os
from ava.conf import env, keyfile
from ava.server import serve
os.umask(0o077)
values = env.load()
keyfile.prepare(env.BASE_DIR / values["AVA_DATA_DIR"])
serve.prepare_django()
"""


def copy(data_dir: Path, *, password: str) -> None:
    """Make this directory one that has been used, unless it is.

    Args:
        password: the demo user's.
    """
    if not (data_dir / "keys.json").exists():
        shutil.copytree(_made(password), data_dir, dirs_exist_ok=True)


@cache
def _made(password: str) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="ava-prepared-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    environment = {
        "PATH": os.environ["PATH"],
        "AVA_ENV_FILE": os.devnull,
        "AVA_DATA_DIR": str(directory / "var"),
        "AVA_SANDBOX": "1",
        "AVA_DEMO_PASSWORD": password,
    }
    command = [sys.executable, "-c", _PREPARE]
    subprocess.run(command, cwd=BASE_DIR, env=environment, stdout=subprocess.DEVNULL, check=True)
    return directory / "var"
