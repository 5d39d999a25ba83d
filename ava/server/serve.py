"""`script/server` after the set-up: keys, database, static files, sandbox, then granian.

`python -m ava.server.serve` does in order what a fresh machine lacks and what a second start finds
done, and says in one sentence what stops it. Exit codes: 1 something is in the way, 2 a wrong
variable.
"""

import errno
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from functools import partial
from io import FileIO, StringIO, TextIOWrapper
from typing import Any, TextIO
from urllib.parse import urlsplit

from ava.conf import addresses, env, keyfile
from ava.server import run as server
from ava.server import slots
from ava.server.run import CannotStart

_SANDBOX_START_SECONDS = 15


def main() -> int:
    """Start AVA and serve until SIGTERM or SIGINT."""
    # The database and all else that is made from here on is for its owner only.
    os.umask(0o077)
    sys.stdout, sys.stderr = _unbuffered(sys.stdout), _unbuffered(sys.stderr)
    # Until granian takes over, so that a sandbox that was started ends with AVA.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        run(env.load())
    except (env.EnvironmentInvalid, keyfile.KeyFileInvalid, CannotStart) as fault:
        print(f"\nAVA cannot start.\n{fault}", file=sys.stderr)
        return 2 if isinstance(fault, env.EnvironmentInvalid) else 1
    return 0


def _unbuffered(stream: TextIO) -> TextIO:
    """A stream that forgets what cannot be written: of what a full disk refused and a buffer keeps,
    the fork of the next worker would fail."""
    raw = FileIO(stream.fileno(), "w", closefd=False)
    return TextIOWrapper(raw, stream.encoding, stream.errors, write_through=True)


def run(values: dict[str, Any]) -> None:
    """Prepare, then serve; a sandbox that was started for it ends with it."""
    data_dir = env.BASE_DIR / values["AVA_DATA_DIR"]
    keyfile.prepare(data_dir, values)
    require_free_port(values["AVA_HOST"], values["AVA_PORT"], "AVA_PORT")
    is_alone = values["WEB_CONCURRENCY"] == 1
    # The port is AVA's, so this directory is, too.
    slots.prepare(None if is_alone else data_dir / f"metrics-{values['AVA_PORT']}")
    ports = values["AVA_SANDBOX_PORT"], values["AVA_SANDBOX_SMTP_PORT"]
    sandbox = start_sandbox(*ports) if values["AVA_SANDBOX"] else None
    try:
        if values["AVA_SANDBOX"]:
            name_mail_server(values["AVA_SANDBOX_PORT"])
        # Before the database is written to: what is saved there is announced in Redis.
        warn_of_lost_redis(values["REDIS_URL"])
        greeting = prepare_django()
        listens = f"AVA listens on {addresses.address(values)}. Stop it with Ctrl-C."
        server.serve(values, welcome=partial(print, f"{greeting}\n{listens}", flush=True))
    finally:
        if sandbox is not None:
            sandbox.terminate()
            sandbox.wait()


def require_free_port(host: str, port: int, variable: str) -> None:
    """Raise CannotStart when the port is taken, or the address is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, TypeError) as fault:  # a name that cannot be one is the latter
            reason = getattr(fault, "strerror", None) or str(fault)
            if getattr(fault, "errno", None) in (errno.EADDRINUSE, errno.EACCES):
                remedy = f"Stop what uses it, or set {variable} to another port."
            else:
                remedy = (
                    "Set AVA_HOST to an address of this machine: 127.0.0.1 for itself alone, "
                    "0.0.0.0 for others, too."
                )
            raise CannotStart(
                f"Cannot listen on {host}:{port}: {reason.lower()}. {remedy}"
            ) from fault


def start_sandbox(port: int, smtp_port: int) -> subprocess.Popen[bytes] | None:
    """Start the providers' sandbox; None where one answers on its port already."""
    if _sandbox_answers(port):
        print(f"Using the sandbox that answers on port {port}.", flush=True)
        return None
    require_free_port("127.0.0.1", port, "AVA_SANDBOX_PORT")
    if os.environ.get("AVA_SANDBOX_SMTP_PORT", "").strip():
        # Without the variable the sandbox does without its mail server, and says so.
        require_free_port("127.0.0.1", smtp_port, "AVA_SANDBOX_SMTP_PORT")
    process = subprocess.Popen(  # noqa: S603 - our own module, no outside input
        [sys.executable, "-m", "sandbox", "--port", str(port), "--follow"],
        cwd=env.BASE_DIR,
        # Its input closes when AVA and its workers have ended, killed or not; then it ends, too.
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
        raise CannotStart(
            f"The sandbox did not start on port {port}. Try script/sandbox to see why."
        )
    except BaseException:
        process.terminate()
        raise


def name_mail_server(port: int) -> None:
    """Print how to log in at the sandbox's mail server, if it has one."""
    with suppress(OSError, ValueError), _ask_sandbox(port, "smtp") as answer:
        smtp = json.load(answer)
        if smtp["port"]:
            print(
                f"The sandbox takes mails by SMTP on 127.0.0.1:{smtp['port']}: STARTTLS, "
                f"{smtp['username']} / {smtp['password']}.",
                flush=True,
            )


def _sandbox_answers(port: int) -> bool:
    try:
        with _ask_sandbox(port, "faults"):
            return True
    except (OSError, ValueError):
        return False


def _ask_sandbox(port: int, what: str) -> Any:
    # Whatever http_proxy says: it is on this machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return direct.open(f"http://127.0.0.1:{port}/_sandbox/{what}", timeout=2)


def prepare_django() -> str:
    """Check the set-up, bring the database up to date, collect static files, seed the demo.

    Returns:
        In sandbox mode how to try AVA, for people; else nothing.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import call_command
    from django.core.management.base import CommandError
    from django.db import DatabaseError, connections

    greeting, unread = StringIO(), StringIO()
    # The first screen is for a person: what is done each time needs no line of a log.
    logging.disable(logging.INFO)
    try:
        django.setup()
        call_command("check", deploy=settings.PRODUCTION, fail_level="ERROR", stdout=unread)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("check", databases=["default"], fail_level="ERROR", stdout=unread)
        stamp, version = settings.STATIC_ROOT / ".collected", _static_version()
        if not stamp.is_file() or stamp.read_text() != version:
            # Redoc's pages come with drf-spectacular's: megabytes that AVA does not serve.
            call_command(
                "collectstatic", ignore_patterns=["redoc*"], interactive=False, verbosity=0
            )
            stamp.write_text(version)
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


def _static_version() -> str:
    """Changes when a package or one of AVA's own static files does."""
    own = sorted((env.BASE_DIR / "static").rglob("*"))
    lock = env.BASE_DIR / "requirements.txt"
    return "\n".join(f"{p.name} {p.stat().st_mtime_ns} {p.stat().st_size}" for p in [lock, *own])


def warn_of_lost_redis(url: str | None) -> None:
    """Warn when the shared Redis does not answer. AVA runs without it."""
    if not url:
        return
    import redis

    from ava.redis.client import connect

    try:
        with connect(url, timeout=2) as client:
            client.ping()
    except (redis.RedisError, OSError) as fault:
        place = urlsplit(url).netloc.rpartition("@")[2]
        print(
            f"Redis at {place} does not answer "
            f"({type(fault).__name__}). Until it does, each worker process keeps breakers, "
            "limits and copies for itself. See REDIS_URL.",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
