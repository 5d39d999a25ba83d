"""Garbage collection in processes that load half a million objects and keep them.

With Python's defaults it takes a quarter of AVA's start, and half a second of its end.
"""

import atexit
import gc


def spare_what_is_loaded() -> None:
    """Look for garbage less often, and at the end not at all: the system takes it then."""
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)
