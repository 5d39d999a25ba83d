"""The fleet's only read of something shows that it is alive; whoever dies lets go soon."""

import contextlib
import threading

from ava import redis
from ava.cache.scripts import RENEW
from ava.redis import RedisUnavailable

SECONDS = 3.0
"""After which a read that was killed or stopped holds up nobody any more."""

BEAT_SECONDS = 1.0


class Leases:
    """Those this process holds now, renewed by one thread for as long as there are any."""

    def __init__(self) -> None:
        self._changed = threading.Lock()
        self._held: dict[str, str] = {}
        self._beating = False

    def hold(self, name: str, token: str) -> None:
        """Renew a lease from now on.

        Args:
            name: its key in Redis.
            token: whose it is.
        """
        with self._changed:
            self._held[token] = name
            if self._beating:
                return
            self._beating = True
        threading.Thread(target=self._beat, name="ava-copies", daemon=True).start()

    def let_go(self, token: str) -> None:
        """Renew it no longer."""
        with self._changed:
            self._held.pop(token, None)

    def _beat(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(BEAT_SECONDS)
            with self._changed:
                held = dict(self._held)
                if not held:
                    self._beating = False
                    return
            link = redis.get_client()
            if link is not None:
                for token, name in held.items():
                    # Where Redis is lost nobody waits for this read.
                    with contextlib.suppress(RedisUnavailable):
                        link.run(RENEW, [name], [token, round(SECONDS * 1000)])
