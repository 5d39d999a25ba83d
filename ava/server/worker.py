"""Start and end of a web worker: its metrics, start-up hooks, breakers and jobs."""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import structlog
from django.db import connections

from ava.activity.services import Writer
from ava.jobs.loop import Loop
from ava.observability import reporting
from ava.server import slots
from ava.server.run import STOP_SECONDS
from ava.upstream.maintenance import Maintenance

log = structlog.get_logger("ava.server.worker")

hooks: list[Callable[[], None]] = []
"""Called in each worker that starts (not by `manage.py`), after migrations. For `ready()`."""


def run_hooks() -> None:
    """Call every hook. One that fails is logged and keeps nothing from starting."""
    for hook in hooks:
        try:
            hook()
        except Exception:
            log.exception("start-up hook failed")


async def live(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """ASGI's lifespan: begin, wait until the last request is answered, end."""
    await receive()
    # A Ctrl-C at the terminal reaches every process: the first one then stops its workers.
    with suppress(NotImplementedError):
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    maintenance, jobs, activity = Maintenance(), Loop(), Writer()
    try:
        await asyncio.to_thread(_begin, maintenance, jobs)
        activity.start()
    except Exception as fault:
        log.exception("worker cannot begin")
        await send({"type": "lifespan.startup.failed", "message": type(fault).__name__})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.to_thread(maintenance.stop)
    await asyncio.to_thread(jobs.stop)
    await asyncio.to_thread(activity.stop)
    await asyncio.to_thread(reporting.stop)
    await send({"type": "lifespan.shutdown.complete"})


def _begin(maintenance: Maintenance, jobs: Loop) -> None:
    threading.Thread(target=_end_with_parent, name="ava-parent", daemon=True).start()
    slots.claim_slot()
    reporting.start()
    run_hooks()
    connections.close_all()  # this thread asks the database nothing more
    maintenance.start()
    jobs.start()
    # What is loaded by now stays: a full collection that looked at it would hold up everything
    # for a tenth of a second.
    gc.collect()
    gc.freeze()


def _end_with_parent() -> None:
    """Stop as at SIGTERM when the parent process is killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)
