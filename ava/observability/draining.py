"""Draining: AVA is to stop and still serves, until its proxies send it nothing more.

One flag for all processes of a server: the first one raises it, and its workers, forked from it,
read it.
"""

import mmap

_flag = mmap.mmap(-1, 1)


def begin() -> None:
    """Raise the flag: `/readyz` says 503, and each answer ends its connection."""
    _flag[0] = 1


def is_draining() -> bool:
    return _flag[0] == 1


def end() -> None:
    """Lower the flag. For tests, whose process goes on."""
    _flag[0] = 0
