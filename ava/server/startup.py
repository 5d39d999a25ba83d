"""What is done each time a web worker begins, before it serves. Filled in `AppConfig.ready()`.

Not done by `manage.py`: a server may be running beside it.
"""

from collections.abc import Callable

import structlog

log = structlog.get_logger("ava.server.startup")

_hooks: list[Callable[[], None]] = []


def register(hook: Callable[[], None]) -> None:
    """Have this called in each worker that begins, with the database up to date."""
    _hooks.append(hook)


def run() -> None:
    """Call every hook. One that fails is logged and keeps nothing from starting."""
    for hook in _hooks:
        try:
            hook()
        except Exception:
            log.exception("start-up hook failed")
