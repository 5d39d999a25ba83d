"""What several AVA processes share, through Redis: `link()` when `REDIS_URL` is set, else None.

Who shares something keeps an in-process store beside it and goes on with that when `FleetLost` is
raised. Losing Redis must cost a request nothing but a moment.
"""

import os
import threading

from django.conf import settings

from ava.redis.link import FleetLost, Link, Script

__all__ = ["FleetLost", "Link", "Script", "forget", "link"]

_links: dict[str, Link] = {}
_making = threading.Lock()


def link() -> Link | None:
    """This process' link to the Redis of `REDIS_URL`; None where none is set.

    Never connects: the first call through it does.
    """
    url: str | None = settings.REDIS_URL
    if not url:
        return None
    found = _links.get(url)
    if found is None:
        with _making:
            found = _links.setdefault(url, Link(url))
    return found


def forget() -> None:
    """Close and drop every link (tests)."""
    global _making
    _making = threading.Lock()
    for known in _links.values():
        known.close()
    _links.clear()


def _forget_after_fork() -> None:
    global _making
    _making = threading.Lock()
    # Not closed: the sockets are the parent's, too.
    _links.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
