"""granian's configuration and run: one place, used under script/server and in production."""

import multiprocessing
import resource
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from ava.conf import addresses
from ava.server import drain

STOP_SECONDS = 30
"""Seconds for requests and jobs under way to finish."""
HEAD_SECONDS = 10
"""Seconds for a request's head, and until the next request of a connection."""
HEAD_BYTES = 32 * 1024
CONNECTIONS = 4096
"""Connections of a worker, idle and slow ones included."""
_OTHER_FILES = 1024


class CannotStart(Exception):
    """Something on this machine is in the way. `str()` is for the person at the keyboard."""


def serve(values: dict[str, Any], *, welcome: Callable[[], None]) -> None:
    """Serve in this process, which forks the workers, until SIGTERM or SIGINT.

    Args:
        values: the variables, by name.
        welcome: called once a worker accepts connections.

    Raises:
        CannotStart: no worker came up, or one died again and again.
    """
    _allow_connections()
    # The workers share this process' memory, and its end of the sandbox's standard input.
    multiprocessing.set_start_method("fork")
    server = granian.Granian("ava.asgi:application", **settings(values))
    greeting = threading.Thread(target=_greet, args=(values, welcome), daemon=True)
    server.on_startup(greeting.start)
    if values["AVA_DRAIN_SECONDS"]:
        # granian has set its own handlers by then, and keeps that of SIGINT.
        server.on_startup(partial(drain.at_sigterm, values["AVA_DRAIN_SECONDS"]))
    try:
        server.serve()
    except SystemExit as stop:
        # A worker that is stopped before it has begun is no failure.
        if stop.code and not server.interrupt_signal:
            raise CannotStart(
                "AVA's worker could not start, or ended twice within seconds; "
                "the lines above say why."
            ) from stop
    finally:
        # Where granian failed, threads of this process wait for its workers for ever.
        for worker in multiprocessing.active_children():
            worker.terminate()


def settings(values: dict[str, Any]) -> dict[str, Any]:
    """granian's settings."""
    host = values["AVA_HOST"]
    return {
        # granian knows no names; this one was bound for a trial already.
        "address": host if ":" in host else socket.gethostbyname(host),
        "port": values["AVA_PORT"],
        "interface": Interfaces.ASGI,
        "workers": values["WEB_CONCURRENCY"],
        "loop": Loops.asyncio,
        "http": HTTPModes.http1,
        "websockets": False,
        "http1_settings": HTTP1Settings(
            header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=HEAD_BYTES
        ),
        "backpressure": CONNECTIONS,
        "respawn_failed_workers": True,
        "workers_kill_timeout": STOP_SECONDS,
        "log_level": LogLevels.warning,
        # Its lines are written as all others are.
        "log_dictconfig": {"loggers": {"_granian": {}}, "handlers": {}, "formatters": {}},
    }


def _greet(values: dict[str, Any], welcome: Callable[[], None]) -> None:
    host = str(urlsplit(addresses.local_address(values)).hostname)
    while True:
        try:
            socket.create_connection((host, values["AVA_PORT"]), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            welcome()
            return


def _allow_connections() -> None:
    """Raise the limit of open files to that of connections, where the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
