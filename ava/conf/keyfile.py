"""Key file: made at first start by `python -m ava.conf.keyfile`, never with a default in it.

With `--env` new keys are printed as lines of an env file instead, for machines that share them.
"""

import base64
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from ava.conf import env

NAME = "keys.json"
_NEEDED = ("SECRET_KEY", "AVA_JWT_KEY", "AVA_KEYS")


class KeyFileInvalid(Exception):
    """The key file cannot be read, or not be made. `str()` is for the operator."""


def read(data_dir: Path) -> dict[str, str]:
    """The keys by variable name; empty when there is no file. Raises KeyFileInvalid."""
    path = data_dir / NAME
    try:
        content = json.loads(path.read_text())
        return {str(name): str(value) for name, value in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as fault:
        raise KeyFileInvalid(
            f"The key file {path} cannot be read ({type(fault).__name__}). "
            "Restore it from your backup; without it stored credentials stay closed."
        ) from fault


def completed(data_dir: Path, environment: Mapping[str, Any]) -> dict[str, str]:
    """The keys of the environment, completed by the key file. Raises: ImproperlyConfigured, where
    one is missing that AVA cannot start without; KeyFileInvalid."""
    keys = read(data_dir) | {name: value for name, value in environment.items() if value}
    if not all(keys.get(name) for name in _NEEDED):
        raise ImproperlyConfigured(
            "SECRET_KEY, AVA_JWT_KEY and AVA_KEYS are not set and there is no key file. "
            "Run script/server, or `python -m ava.conf.keyfile` to make one."
        )
    return keys


def prepare(data_dir: Path, environment: Mapping[str, Any]) -> None:
    """Make the data directory and its key file, unless they are there, or the environment has all
    the keys. Raises KeyFileInvalid."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = not all(environment[name] for name in _NEEDED) and ensure(data_dir)
        read(data_dir)
        if not os.access(data_dir, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied")
    except OSError as fault:
        raise KeyFileInvalid(
            f"Cannot write to AVA_DATA_DIR ({data_dir}): {(fault.strerror or str(fault)).lower()}. "
            "Make it writable, or set AVA_DATA_DIR to another directory."
        ) from fault
    if made:
        print(f"Made new keys in {data_dir / NAME}. Back this file up.", flush=True)


def ensure(data_dir: Path) -> bool:
    """Make the key file unless it is there. True when it was made."""
    path = data_dir / NAME
    if path.exists():
        return False
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_once(path, json.dumps(new_keys(), indent=1))


def new_keys() -> dict[str, str]:
    """Keys that nothing was signed or sealed with yet, by variable name."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "AVA_JWT_KEY": secrets.token_urlsafe(64),
        "AVA_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def write_once(path: Path, text: str) -> bool:
    """Make this file for its owner only, unless it is there. True when it was made.

    A kill at any moment leaves no half of it, and of two starts at once one wins.
    """
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    finally:
        aside.unlink()
    return True


def main() -> int:
    """Make the key file in AVA_DATA_DIR. Exit codes: 1 not possible, 2 a wrong variable."""
    if sys.argv[1:] == ["--env"]:
        print("\n".join(f"{name}={value}" for name, value in new_keys().items()))
        return 0
    try:
        values = env.load()
        prepare(env.BASE_DIR / values["AVA_DATA_DIR"], values)
    except (env.EnvironmentInvalid, KeyFileInvalid) as fault:
        print(fault, file=sys.stderr)
        return 2 if isinstance(fault, env.EnvironmentInvalid) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
