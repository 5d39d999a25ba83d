"""Files that the Dockerfile's `COPY . .` takes, found without Docker."""

import fnmatch
import subprocess
from pathlib import Path

from ava.conf.env import BASE_DIR

IGNORED = [
    line
    for line in (BASE_DIR / ".dockerignore").read_text().splitlines()
    if line and not line.startswith("#")
]


def files() -> list[str]:
    """What `COPY . .` takes: the project's files without what .dockerignore names."""
    git = ["git", "-C", str(BASE_DIR), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in listed if not _is_ignored(path) and (BASE_DIR / path).is_file()]


def _is_ignored(path: str) -> bool:
    whole = Path(path)
    names = [str(whole), *map(str, whole.parents)]
    return any(
        fnmatch.fnmatch(name, pattern.removeprefix("**/"))
        or (pattern.startswith("**/") and Path(name).name == pattern[3:])
        for name in names
        for pattern in IGNORED
    )
