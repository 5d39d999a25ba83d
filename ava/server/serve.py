"""`script/server` after the set-up: keys, database, static files, sandbox, then granian.

`python -m ava.server.serve` does in order what a fresh machine lacks and what a second start finds
done, and says in one sentence what stops it. Exit codes: 1 something is in the way, 2 a wrong
variable.
"""

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from ava.conf import addresses, env, keyfile
from ava.server import run as server
from ava.server import slots

_SANDBOX_START_SECONDS = 15


class CannotStart(Exception):
    """Something on this machine is in the way. `str()` is for the person at the keyboard."""


def main() -> int:
    """Start AVA and stay until it is told to stop."""
    # The database and all else that is made from here on is for its owner only.
    os.umask(0o077)
    # Until granian takes over, so that a sandbox that was started ends with AVA.
    signal.signal(signal.SIGTERM, _leave)
    try:
        run(env.load())
    except env.EnvironmentInvalid as fault:
        return _refuse(fault, 2)
    except CannotStart as fault:
        return _refuse(fault, 1)
    return 0


def run(values: dict[str, Any]) -> None:
    """Prepare, then serve; a sandbox that was started for it ends with it.

    Raises:
        CannotStart: something is in the way.
    """
    data_dir = env.BASE_DIR / values["AVA_DATA_DIR"]
    prepare_data_dir(data_dir)
    require_free_port(values["AVA_HOST"], values["AVA_PORT"], "AVA_PORT")
    prepare_metrics(data_dir, values)
    sandbox = start_sandbox(values["AVA_SANDBOX_PORT"]) if values["AVA_SANDBOX"] else None
    try:
        greeting = prepare_django()
        tell_lost_redis(values["REDIS_URL"])
        serve(values, greeting=greeting)
    finally:
        if sandbox is not None:
            sandbox.terminate()
            sandbox.wait()


def prepare_data_dir(data_dir: Path) -> None:
    """Make the data directory and the key file.

    Raises:
        CannotStart: the directory cannot be written to, or its key file not be read.
    """
    try:
        made = keyfile.ensure(data_dir)
        keyfile.read(data_dir)
        if not os.access(data_dir, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied")
    except OSError as fault:
        raise CannotStart(
            f"Cannot write to AVA_DATA_DIR ({data_dir}): {(fault.strerror or str(fault)).lower()}. "
            "Make it writable, or set AVA_DATA_DIR to another directory."
        ) from fault
    except keyfile.KeyFileInvalid as fault:
        raise CannotStart(str(fault)) from fault
    if made:
        print(f"Made new keys in {data_dir / keyfile.NAME}. Back this file up.", flush=True)


def require_free_port(host: str, port: int, variable: str) -> None:
    """Raise CannotStart when something listens there already, or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, TypeError) as fault:  # a name that cannot be one is the latter
            reason = getattr(fault, "strerror", None) or str(fault)
            if getattr(fault, "errno", None) in (errno.EADDRINUSE, errno.EACCES):
                mend = f"Stop what uses it, or set {variable} to another port."
            else:
                mend = (
                    "Set AVA_HOST to an address of this machine: 127.0.0.1 for itself alone, "
                    "0.0.0.0 for others, too."
                )
            raise CannotStart(
                f"Cannot listen on {host}:{port}: {reason.lower()}. {mend}"
            ) from fault


def prepare_metrics(data_dir: Path, values: dict[str, Any]) -> None:
    """Have several workers count as one. The port is ours, so this directory is, too."""
    if values["WEB_CONCURRENCY"] > 1:
        slots.prepare(data_dir / f"metrics-{values['AVA_PORT']}")
    else:
        slots.not_needed()


def start_sandbox(port: int) -> subprocess.Popen[bytes] | None:
    """Start the providers' sandbox, unless one answers on its port already.

    Returns:
        The process to stop at the end; None when the sandbox is somebody else's.
    """
    if _sandbox_answers(port):
        print(f"Using the sandbox that answers on port {port}.", flush=True)
        return None
    require_free_port("127.0.0.1", port, "AVA_SANDBOX_PORT")
    process = subprocess.Popen(  # noqa: S603 - our own module, no outside input
        [sys.executable, "-m", "sandbox", "--port", str(port), "--follow"],
        cwd=env.BASE_DIR,
        # Ends when we do, and the workers, however that came: nothing else holds the other side.
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # A Ctrl-C at the terminal is for AVA, which then stops the sandbox itself.
        start_new_session=True,
    )
    try:
        give_up = time.monotonic() + _SANDBOX_START_SECONDS
        while time.monotonic() < give_up and process.poll() is None:
            if _sandbox_answers(port):
                return process
            time.sleep(0.05)
    except BaseException:
        process.terminate()
        raise
    process.terminate()
    raise CannotStart(f"The sandbox did not start on port {port}. Try script/sandbox to see why.")


def _sandbox_answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sandbox/faults", timeout=2):
            return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def prepare_django() -> str:
    """Check the set-up, bring the database up to date, collect static files, seed the demo.

    Returns:
        What to print once AVA answers: in sandbox mode how to try it, else nothing.

    Raises:
        CannotStart: a check failed or the database does not answer.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import call_command
    from django.core.management.base import CommandError
    from django.db import DatabaseError, connections

    greeting, unread = StringIO(), StringIO()
    # A person reads the first screen: what is done each time needs no line of a log.
    logging.disable(logging.INFO)
    try:
        django.setup()
        call_command("check", deploy=settings.PRODUCTION, fail_level="ERROR", stdout=unread)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("check", databases=["default"], fail_level="ERROR", stdout=unread)
        if _static_is_stale(settings.STATIC_ROOT):
            call_command("collectstatic", ignore_patterns=_UNUSED, interactive=False, verbosity=0)
            (settings.STATIC_ROOT / _STAMP).write_text(_static_version())
        if settings.SANDBOX:
            call_command("seed_demo", stdout=greeting)
    except (ImproperlyConfigured, CommandError) as fault:
        raise CannotStart(str(fault)) from fault
    except DatabaseError as fault:
        raise CannotStart(f"The database does not work: {fault}") from fault
    finally:
        logging.disable(logging.NOTSET)
        # The workers are forked from here and must open connections of their own.
        connections.close_all()
    return greeting.getvalue()


_STAMP = ".collected"
# The other page that drf-spectacular's files come with: megabytes that nobody asks AVA for.
_UNUSED = ["redoc*"]


def _static_is_stale(root: Path) -> bool:
    stamp = root / _STAMP
    return not stamp.is_file() or stamp.read_text() != _static_version()


def _static_version() -> str:
    """Changes when a package or one of our own static files does."""
    own = sorted((env.BASE_DIR / "static").rglob("*"))
    lock = env.BASE_DIR / "requirements.txt"
    return "\n".join(f"{p.name} {p.stat().st_mtime_ns} {p.stat().st_size}" for p in [lock, *own])


def tell_lost_redis(url: str | None) -> None:
    """Say so when the shared Redis does not answer. AVA lives without it.

    Raises:
        CannotStart: redis-py does not take an option of the URL.
    """
    if not url:
        return
    import redis

    from ava.redis.connecting import connect

    try:
        with connect(url, timeout=2) as client:
            client.ping()
    except (TypeError, ValueError) as fault:
        raise CannotStart(
            f"REDIS_URL has an option that redis-py does not take: {fault}"
        ) from fault
    except (redis.RedisError, OSError) as fault:
        place = urlsplit(url).netloc.rpartition("@")[2]
        print(
            f"Redis at {place} does not answer "
            f"({type(fault).__name__}). Until it does, each worker process keeps breakers, "
            "limits and copies for itself. See REDIS_URL.",
            file=sys.stderr,
            flush=True,
        )


def serve(values: dict[str, Any], *, greeting: str) -> None:
    """Serve in this process until SIGTERM or SIGINT; requests under way are finished.

    Raises:
        CannotStart: no worker came up, or one died again and again.
    """

    def welcome() -> None:
        address = addresses.address(values)
        print(f"{greeting}\nAVA listens on {address}. Stop it with Ctrl-C.", flush=True)

    try:
        server.run(values, welcome=welcome)
    except server.WorkersFailed as fault:
        raise CannotStart(str(fault)) from fault


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _refuse(fault: Exception, code: int) -> int:
    print(f"\nAVA cannot start.\n{fault}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
