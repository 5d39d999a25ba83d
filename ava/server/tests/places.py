"""Place of a request that a test makes in its own thread."""

import asyncio

from ava.server.admission import Admission, set_release

SECONDS = 2.0


class OnlyPlace:
    """The one place of a server, held by what this thread does from here on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._admission = Admission(places=1)
        self._held = self._admission.place()
        set_release(self._loop.run_until_complete(self._held.__aenter__()))

    def is_left(self) -> bool:
        """Whether the next request gets in."""

        async def enter() -> bool:
            try:
                async with asyncio.timeout(SECONDS), self._admission.place():
                    return True
            except TimeoutError:
                return False

        try:
            return self._loop.run_until_complete(enter())
        finally:
            self._loop.run_until_complete(self._held.__aexit__(None, None, None))
            self._loop.close()
