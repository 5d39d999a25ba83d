"""Death of a process at one step of its work, and of all of AVA with it."""

import os
import signal
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any


def arm(when: str, place: str, number: str) -> None:
    """Die before or after a function runs for somebody.

    Args:
        place: the function's dotted name.
        number: of the phone that it is about; somewhere in the arguments.
    """
    module, _, name = place.rpartition(".")
    home = import_module(module)
    work: Callable[..., Any] = getattr(home, name)

    @wraps(work)
    def deadly(*args: Any, **kwargs: Any) -> Any:
        is_meant = number in f"{args} {kwargs}"
        if is_meant and when == "before":
            _die()
        try:
            return work(*args, **kwargs)
        finally:
            if is_meant:
                _die()

    setattr(home, name, deadly)


def _die() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)
